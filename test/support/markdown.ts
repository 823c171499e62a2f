/** A heading (without its marks) and what follows it, up to the next heading of that level or above. */
export function sectionOf(markdown: string, heading: string): string {
  const all = headings(markdown)
  const begin = all.find(([, , text]) => text === heading)
  const depth = begin?.[1]?.length ?? 0
  if (!begin) throw new Error(`there is no heading "${heading}"`)
  const end = all.find(({ index, 1: marks = '' }) => index > begin.index && marks.length <= depth)
  return markdown.slice(begin.index, end?.index)
}

/** The code blocks in one language in the section of a heading. */
export function codeIn(markdown: string, heading: string, language: string): string[] {
  return codeOf(sectionOf(markdown, heading), language)
}

/** Every line that a reader of a document may type into a shell, in order; comments are left out. */
export function shellLines(markdown: string): string[] {
  const lines = codeOf(markdown, 'sh').flatMap(block => block.trim().split('\n'))
  return lines.filter(line => !line.startsWith('#'))
}

/** Where the links and pictures of a document lead that are no URLs: paths from its folder, some with a `#heading`. */
export function localLinks(markdown: string): string[] {
  return [...markdown.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = '']) => link)
}

/** The names by which links lead to the headings of a document, as GitHub makes them. */
export function anchors(markdown: string): string[] {
  const name = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
  return headings(markdown).map(([, , heading = '']) => name(heading))
}

/** Comments in a shell look like headings. */
function headings(markdown: string) {
  const text = markdown.replace(/^```.*?^```/gms, block => ' '.repeat(block.length))
  return [...text.matchAll(/^(#+) (.+)$/gm)]
}

function codeOf(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, each]) => each === language)
    .map(([, , code = '']) => code)
}
