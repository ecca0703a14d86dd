/** COCO's compressed run lengths: columns first, each run six bits a character, from the third on as a difference to the last but one. */

/** Read run lengths: zeros first, then ones, in turns. Throws when the text is cut short. */
export function runsOf(counts: string): number[] {
  const runs: number[] = [];
  let position = 0;
  while (position < counts.length) {
    let value = 0;
    let shift = 0;
    let more = true;
    while (more) {
      if (position >= counts.length) throw new RangeError("The mask's run lengths end in the middle of a number.");
      const bits = counts.charCodeAt(position) - 48;
      position += 1;
      value += (bits & 0x1f) * 2 ** shift;
      more = (bits & 0x20) !== 0;
      shift += 5;
      if (!more && (bits & 0x10) !== 0) value -= 2 ** shift;
    }
    const twoBack = runs.length > 2 ? runs[runs.length - 2] : undefined;
    runs.push(value + (twoBack ?? 0));
  }
  return runs;
}

/** No number of a 32-bit run takes more characters. */
const LONGEST = 7;
const ASCII = new TextDecoder("ascii");

/** Write run lengths as COCO does. */
export function countsOf(runs: readonly number[]): string {
  const text = new Uint8Array(runs.length * LONGEST);
  let length = 0;
  for (let index = 0; index < runs.length; index += 1) {
    let value = (runs[index] ?? 0) - (index > 2 ? (runs[index - 2] ?? 0) : 0);
    let more = true;
    while (more) {
      const bits = value & 0x1f;
      value >>= 5;
      more = (bits & 0x10) !== 0 ? value !== -1 : value !== 0;
      text[length] = (more ? bits | 0x20 : bits) + 48;
      length += 1;
    }
  }
  return ASCII.decode(text.subarray(0, length));
}
