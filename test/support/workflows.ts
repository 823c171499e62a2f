import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as WorkflowParser from '@actions/workflow-parser'
import { build } from 'esbuild'
import { parse } from 'yaml'
import { PROJECT } from './project.ts'

const FOLDER = join(PROJECT, '.github/workflows')

type Values = Readonly<Record<string, string>>

/** A step of a job: it runs commands, or uses an action. */
export interface Step {
  readonly id?: string
  readonly run?: string
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
}

/** A job of a workflow; without steps, it is another workflow. */
export interface Job {
  readonly permissions?: Values
  readonly 'timeout-minutes'?: number
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> }
  readonly env?: Values
  readonly outputs?: Values
  readonly steps?: readonly Step[]
}

/** One of GitHub's workflows. */
export interface Workflow {
  readonly permissions?: Values
  readonly concurrency?: object
  readonly jobs: Readonly<Record<string, Job>>
}

/** The names of the project's workflows. */
export const WORKFLOWS = readdirSync(FOLDER)

/** The text of a workflow. */
export function workflowText(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

/** A workflow of the project. */
export function readWorkflow(name: string): Workflow {
  return parse(workflowText(name))
}

/** Loads what reads workflows at GitHub. Its package imports JSON in a way that only bundlers know. */
async function loadParser(): Promise<typeof WorkflowParser> {
  const stdin = { contents: "export * from '@actions/workflow-parser'", resolveDir: PROJECT }
  const banner = { js: `import{createRequire as _r}from'node:module';const require=_r('${PROJECT}/');` }
  const { outputFiles } = await build({ stdin, banner, bundle: true, format: 'esm', platform: 'node', write: false })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? '').toString('base64')}`)
}

/** Returns what GitHub would say is wrong with workflows: syntax, unknown keys, expressions, references to jobs. */
export async function workflowJudge(): Promise<(name: string, content: string) => Promise<string[]>> {
  const { parseWorkflow, convertWorkflowTemplate, NoOperationTraceWriter } = await loadParser()
  return async (name, content) => {
    const { context, value } = parseWorkflow({ name, content }, new NoOperationTraceWriter())
    if (!value) return context.errors.getErrors().map(({ message }) => message)
    const { errors = [] } = await convertWorkflowTemplate(context, value)
    return errors.map(({ Message }) => Message)
  }
}
