/** A document that only holds together what a script puts into it, so that parts of the page draw in Node. */

class FakeNode {}

class FakeText extends FakeNode {
  constructor(text) {
    super();
    this.text = text;
  }
}

class FakeElement extends FakeNode {
  children = [];
  dataset = {};
  attributes = {};
  listeners = {};
  style = { setProperty() {} };

  constructor(tag) {
    super();
    this.tag = tag;
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  addEventListener(type, listener) {
    this.listeners[type] = listener;
  }

  append(...children) {
    const nodes = children.map((child) =>
      child instanceof FakeNode ? child : new FakeText(child),
    );
    this.children.push(...nodes);
  }

  replaceChildren() {
    this.children = [];
  }

  /** What a reader sees; an explained word stands in its sentence, everything else apart. */
  get text() {
    const isWord = (child) => child?.attributes?.class === "term-whole";
    return this.children.reduce((text, child, at, all) => {
      const isOneSentence =
        isWord(this) || isWord(child) || isWord(all[at - 1]);
      return text + (at > 0 && !isOneSentence ? " " : "") + child.text;
    }, "");
  }

  /** Every element in it that has a data attribute. */
  having(name) {
    const inside = this.children.flatMap((child) => child.having?.(name) ?? []);
    return name in this.dataset ? [this, ...inside] : inside;
  }

  /** Press it, and let what follows come to its end. */
  async click() {
    await this.listeners.click({ currentTarget: this });
  }
}

/** Let scripts make elements; after `speak`, which has a document of its own. */
export function drawInNode() {
  globalThis.Node = FakeNode;
  globalThis.document.createElement = (tag) => new FakeElement(tag);
  globalThis.document.createElementNS = (_space, tag) => new FakeElement(tag);
}
