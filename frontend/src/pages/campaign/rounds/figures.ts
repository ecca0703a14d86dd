/** A number as short as it can be said: two digits that count, however small it is. */
export function figure(value: number): string {
  const size = Math.abs(value);
  return size === 0 || size >= 0.095 ? value.toFixed(2) : size >= 0.0001 ? String(Number(value.toPrecision(2))) : value.toExponential(0);
}

/** Length of a bar in percent: parts of 0 to 1 by themselves, tiny or large ones against the largest of their kind. */
export function barOf(value: number, largest: number): number {
  const whole = largest > 1 || largest < 0.1 ? largest : 1;
  return whole > 0 ? Math.min(100, Math.max(0, (100 * value) / whole)) : 0;
}

/** An axis of shares that ends on whole steps, with room for every interval: 0.853 to 0.97 reads 85 % to 100 % in steps of 5 %. */
export function shareAxis(values: readonly number[]): { min: number; max: number; interval: number } {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = high - low > 0.6 ? 0.2 : high - low > 0.25 ? 0.1 : 0.05;
  const round = (steps: number) => Number((steps * step).toFixed(2));
  const max = Math.min(1, round(Math.ceil(high / step - 1e-9)));
  return { min: Math.max(0, Math.min(round(Math.floor(low / step + 1e-9)), round(Math.round(max / step) - 1))), max, interval: step };
}
