#!/bin/bash
GATEWAY="https://172.16.33.111"
COOKIES="cookies.txt"
# Step 1: Upload firmware
echo "Uploading firmware..."
curl -k -X POST "$GATEWAY/api/command/upload_lora_fota_file" \
  -F "fotafile=@firmware_v2.0.bin" \
  -b "$COOKIES"
# Step 2: Schedule FOTA (immediate)
echo "Scheduling FOTA..."
curl -k -X POST "$GATEWAY/api/lora/fota" \
  -H "Content-Type: application/json" \
  -b "$COOKIES" \
  -d '{
    "transmission_type": "FOTA",
    "endDeviceDeveuis": ["00-80-00-ff-00-00-00-02"],
    "multicastGroupID": 0,
    "fragmentDesc": "0001020304",
    "fotaFile": "firmware_v2.0.bin",
    "keep_log": true
  }'
# Step 3: Monitor progress
echo "Monitoring progress..."
while true; do
  PROGRESS=$(curl -k -s "$GATEWAY/api/lora/fotaprogress" -b "$COOKIES" | \
    jq -r '.result.overall_percent_complete')
  echo "Progress: $PROGRESS%"
  if [ "$PROGRESS" = "100" ]; then
    break
  fi
  sleep 10
done
# Step 4: Check results
echo "Checking results..."
curl -k "$GATEWAY/api/lora/fotaresults" -b "$COOKIES" | jq '.'
