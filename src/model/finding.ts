/** Something that a security service found, as it arrived. Texts are cleaned. */
export interface Finding {
  id: string;
  /** Such as `UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS`. */
  type: string;
  /** 0 to 10. */
  severity: number;
  title: string;
  accounts: string[];
  regions: string[];
  /** When it was last seen, as sent. */
  stamp: string;
  /** The same in milliseconds since 1970; undefined when it cannot be read. */
  at: number | undefined;
  /** Somebody put it away. */
  archived: boolean;
  /** Somebody tries the way out: nothing was found. */
  sample: boolean;
}
