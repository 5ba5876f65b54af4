/** JSON for the plugins that read bodies, of an exact size. */

/** An order of 1024 bytes. */
export const ORDER = padded(1024, (note) => ({
  id: "o-20418",
  customer: { first: "Jane", last: "Doe", email: "jane.doe@example.com" },
  address: { street: "12 High Street", city: "Springfield", postcode: "49007", country: "US" },
  items: Array.from({ length: 8 }, (_, i) => ({
    sku: `sku-${1000 + i}`,
    name: `widget number ${i}`,
    quantity: 1 + (i % 3),
    price: 9.5 + i,
  })),
  note,
}));

/** Customers with accounts and cards, of 2048 bytes. */
export const CUSTOMERS = padded(2048, (note) => ({
  customers: Array.from({ length: 12 }, (_, i) => ({
    id: 100 + i,
    name: `Customer Number ${i}`,
    email: `customer.${i}@example.com`,
    iban: `DE021203000000002020${10 + i}`,
    remark: `pays with 4111 1111 1111 1111`,
  })),
  note,
}));

/** @param of the document with a note in it, which fills it up */
function padded(bytes: number, of: (note: string) => object): string {
  const empty = JSON.stringify(of("")).length;
  if (empty > bytes) throw new Error(`${empty} bytes do not fit in ${bytes}`);
  return JSON.stringify(of("n".repeat(bytes - empty)));
}
