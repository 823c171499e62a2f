import { readFileSync } from 'node:fs'
import { codeIn } from './markdown.ts'

/** The recipes, in Markdown. */
export const RECIPES = readFileSync(new URL('../../config/recipes.md', import.meta.url), 'utf8')

/** The code in one language in a section of the recipes, by blocks. */
export function codeOf(section: string, language: string): string[] {
  return codeIn(RECIPES, section, language)
}
