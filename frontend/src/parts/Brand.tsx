/** The mark: two strokes of a winnowing basket and the grain that stays. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="#0b5f5c" />
      <path d="M6.5 11.5l4.8 12L16 13.5l4.7 10 4.8-12" fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
      <circle cx="16" cy="7.6" r="2.3" fill="#f2b33d" />
    </svg>
  );
}
