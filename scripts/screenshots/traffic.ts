/** What clients send in the pictures. */

interface Sent {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, by POST. */
  readonly body?: object;
}

const CUSTOMER = { "x-api-key": "s3cret", "x-request-id": "r-4711", host: "acme.example" };

const TRAFFIC: readonly Sent[] = [
  { path: "/health" },
  { path: "/orders?page=1", headers: CUSTOMER },
  { path: "/logo.png" },
  { path: "/orders?page=2", headers: CUSTOMER },
  { path: "/orders?page=1" },
  { path: "/missing" },
  { path: "/checkout", body: { items: [{ price: 3 }, { price: 4 }] } },
  { path: "/orders?page=3", headers: CUSTOMER },
  { path: "/health" },
  { path: "/orders/8", headers: CUSTOMER },
  { path: "/health" },
  { path: "/checkout", body: { customer: "alice" } },
  { path: "/orders/7?page=2&sort=date", headers: CUSTOMER },
];

export async function sendTraffic(gateway: string): Promise<void> {
  for (const { path, headers = {}, body } of TRAFFIC) {
    const response = await fetch(gateway + path, {
      headers: { "user-agent": "curl/8.14.1", ...headers },
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
    await response.bytes();
  }
}
