/**
 * Exact quantiles of a million numbers, with the thread free in between: sorting them would hold it for 100 ms.
 *
 * @module
 */
import { Turn } from "./turn.ts";

/** Moves numbers so that those at quantiles stand where sorting would put them, and returns those; `null` for none. */
export async function quantiles(
  numbers: Float64Array,
  shares: readonly number[],
): Promise<(number | null)[]> {
  const turn = new Turn();
  const found: (number | null)[] = [];
  for (const share of shares) {
    const rank = Math.max(0, Math.ceil(share * numbers.length) - 1);
    await select(numbers, rank, turn);
    found.push(numbers[rank] ?? null);
  }
  return found;
}

/** Hoare's selection: afterwards no number before `rank` is larger, and none after it smaller. */
async function select(numbers: Float64Array, rank: number, turn: Turn): Promise<void> {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    // A place by chance, so that no order of the numbers makes it slow.
    const pivot = numbers[low + Math.floor(Math.random() * (high - low + 1))]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (numbers[i]! < pivot) i++;
      while (numbers[j]! > pivot) j--;
      if (i > j) break;
      const larger = numbers[i]!;
      numbers[i++] = numbers[j]!;
      numbers[j--] = larger;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return;
    await turn.pass();
  }
}
