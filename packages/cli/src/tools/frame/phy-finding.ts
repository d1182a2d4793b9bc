/** What a whole frame says, and what is wrong with it. */
export interface PhyFinding {
  readonly shown: object;
  readonly problem?: string;
}
