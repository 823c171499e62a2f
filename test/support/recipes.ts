import { readFileSync } from 'node:fs'

/** The recipes, in Markdown. */
export const RECIPES = readFileSync(new URL('../../config/recipes.md', import.meta.url), 'utf8')

/** The blocks of code of each section, with their languages. */
const sections = new Map(
  RECIPES.split(/^## /m)
    .slice(1)
    .map(section => {
      const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```/gms)]
      return [
        section.slice(0, section.indexOf('\n')),
        blocks.map(([, language, code]) => ({ language, code: `${code}` })),
      ]
    }),
)

/** The code in one language in a section of the recipes, by blocks. */
export function codeOf(section: string, language: string): string[] {
  return (sections.get(section) ?? []).filter(block => block.language === language).map(({ code }) => code)
}
