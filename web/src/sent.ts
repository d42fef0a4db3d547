// The files of numbers that were opened in this tab, as they are sent to the network.

export interface Sent {
  readonly name: string;
  /** its bytes in base64 */
  readonly content: string;
}

export const shelved = new Map<string, Sent>();
