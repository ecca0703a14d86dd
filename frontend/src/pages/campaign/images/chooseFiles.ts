/** The id of the button that opens the file chooser, so that another button can lead to it in one click. */
export const CHOOSE_FILES = "choose-files";

/** Open the file chooser; false when its panel is not on the page. */
export function chooseFiles(): boolean {
  const button = document.getElementById(CHOOSE_FILES);
  button?.click();
  return button !== null;
}
