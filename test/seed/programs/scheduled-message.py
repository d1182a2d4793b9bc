import requests
import time
from datetime import datetime, timedelta
gateway = "https://172.16.33.111"
cookies = {'token': 'your-session-token'}
# Schedule for 1 hour from now
schedule_time = int((datetime.now() + timedelta(hours=1)).timestamp())
# Schedule multicast message
payload = {
    "transmission_type": "Message",
    "endDeviceDeveuis": ["00-80-00-ff-00-00-00-02"],
    "multicastGroupID": 0,
    "multicastMessage": {
        "messageFormat": "Hexadecimal",
        "messagePayload": "48656c6c6f", # "Hello" in hex
        "messagePort": 10,
        "multicastSessionTimeout": 5
    },
    "scheduledTimeSinceUnixEpoch": schedule_time,
    "keep_log": True
}
response = requests.post(
    f"{gateway}/api/lora/mcm",
    json=payload,
    cookies=cookies,
    verify=False
)
print(f"Scheduled: {response.json()}")
# List scheduled operations
response = requests.get(
    f"{gateway}/api/lora/fotaschedule",
    cookies=cookies,
    verify=False
)
print(f"Scheduled operations: {response.json()}")
