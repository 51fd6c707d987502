/** When a figure may ask again: live data at a pace that the page can take, the viewer's own choices at once. */

const MIN_MILLISECONDS = 500;
/** Of the time since a picture was begun, the share that drawing may take. */
const PAUSES_PER_COST = 2;

export class PullPace {
  #started = -Infinity;
  #cost = 0;
  #hasChoice = false;

  /** The viewer chose something: the next picture is wanted now. */
  choose() {
    this.#hasChoice = true;
  }

  /** How long to wait before the next picture. @param {number} now in milliseconds */
  wait(now) {
    if (this.#hasChoice) return 0;
    return Math.max(0, this.#started + Math.max(MIN_MILLISECONDS, PAUSES_PER_COST * this.#cost) - now);
  }

  /** @param {number} now */
  begin(now) {
    this.#started = now;
    this.#hasChoice = false;
  }

  /**
   * What a picture took; what was waited for once, such as the library, is no part of it.
   * @param {number} now @param {number} [once]
   */
  end(now, once = 0) {
    this.#cost = Math.max(0, now - this.#started - once);
  }
}
