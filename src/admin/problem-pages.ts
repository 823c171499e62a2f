import type { FastifyInstance } from 'fastify'
import { nearest } from '../kernel/nearest.ts'
import { isProblemName, problemTypes } from '../problem/catalogue.ts'
import { problemEntries, problemEntry, problemListPage, problemPage } from '../problem/pages.ts'
import { PROBLEM_JSON } from '../problem/render.ts'
import { originOf, sendPage, varyByAccept } from './pages.ts'

/**
 * Serves the pages under `/_proxy/problems/` as JSON or HTML: the meaning, causes and cure of each problem type. They
 * need no session.
 */
export async function problemPages(app: FastifyInstance): Promise<void> {
  for (const path of ['/_proxy/problems', '/_proxy/problems/']) {
    app.get(path, (request, reply) => {
      const problems = problemEntries(originOf(request))
      return varyByAccept(request, reply) ? sendPage(reply, problemListPage(problems)) : reply.send({ problems })
    })
  }

  app.get<{ Params: { name: string } }>('/_proxy/problems/:name', (request, reply) => {
    const { name } = request.params
    if (!isProblemName(name)) return reply.code(404).type(PROBLEM_JSON).send(unknownProblem(name, request.id))
    const problem = problemEntry(name, originOf(request))
    return varyByAccept(request, reply) ? sendPage(reply, problemPage(problem)) : reply.send(problem)
  })
}

function unknownProblem(name: string, requestId: string) {
  const known = Object.keys(problemTypes)
  const meant = nearest(name, known)
  return {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: meant ? `Unknown problem type; did you mean ${meant}?` : 'Unknown problem type',
    instance: `/_proxy/problems/${encodeURIComponent(name)}`,
    requestId,
    retryable: false,
    known,
  }
}
