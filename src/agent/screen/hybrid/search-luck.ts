/** Searches in a row that may find nothing before most are left out. */
const PATIENCE = 4;

/** Of those, every so many is made all the same: a video may stop and scrolling begin. */
const RETRY_EVERY = 8;

/** Leaves out most searches while they find nothing: over a playing video they would cost as much as encoding it. */
export class SearchLuck {
  #fruitless = 0;

  /** Runs the search, or returns undefined where it is left out. */
  try<T>(search: () => T[]): T[] | undefined {
    if (this.#fruitless >= PATIENCE && this.#fruitless % RETRY_EVERY !== 0) {
      this.#fruitless += 1;
      return undefined;
    }
    const found = search();
    this.#fruitless = found.length > 0 ? 0 : this.#fruitless + 1;
    return found;
  }
}
