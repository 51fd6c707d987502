/** Entries of a list that are selected; it survives that the list is drawn anew. */

export class Selection {
  /** @type {Set<string>} */
  #ids = new Set();

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
  }

  get size() {
    return this.#ids.size;
  }

  /** @param {string} id */
  has(id) {
    return this.#ids.has(id);
  }

  /** @param {string[]} ids @param {boolean} isOn */
  set(ids, isOn) {
    ids.forEach((id) => (isOn ? this.#ids.add(id) : this.#ids.delete(id)));
    this.onChange();
  }

  /** Forget what is not on the page any more. @param {string[]} ids */
  keepOnly(ids) {
    this.#ids = new Set(ids.filter((id) => this.#ids.has(id)));
  }
}
