import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { nearest } from '../kernel/nearest.ts'
import { preferred } from '../problem/accept.ts'
import { problemEntries, problemEntry, problemListPage, problemPage } from '../problem/pages.ts'
import { PROBLEM_JSON } from '../problem/render.ts'
import { isProblemName, problemTypes } from '../problem/types.ts'

/**
 * The pages under `/_proxy/problems/`: what each problem type means and how to cure it, as JSON, or as HTML for whoever
 * prefers that. Reading them needs no session.
 */
export async function problemPages(app: FastifyInstance): Promise<void> {
  for (const path of ['/_proxy/problems', '/_proxy/problems/']) {
    app.get(path, (request, reply) => {
      const problems = problemEntries(originOf(request))
      return wantsHtml(request, reply) ? sendPage(reply, problemListPage(problems)) : reply.send({ problems })
    })
  }

  app.get<{ Params: { name: string } }>('/_proxy/problems/:name', (request, reply) => {
    const { name } = request.params
    if (!isProblemName(name)) return reply.code(404).type(PROBLEM_JSON).send(unknownProblem(name, request.id))
    const problem = problemEntry(name, originOf(request))
    return wantsHtml(request, reply) ? sendPage(reply, problemPage(problem)) : reply.send(problem)
  })
}

function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`
}

function wantsHtml(request: FastifyRequest, reply: FastifyReply): boolean {
  reply.header('vary', 'accept')
  return preferred(request.headers.accept, 'application/json', 'text/html') === 'text/html'
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page)
}

function unknownProblem(name: string, requestId: string) {
  const known = Object.keys(problemTypes)
  const meant = nearest(name, known)
  return {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: meant ? `There is no such problem; did you mean ${meant}?` : 'There is no such problem',
    instance: `/_proxy/problems/${encodeURIComponent(name)}`,
    requestId,
    retryable: false,
    known,
  }
}
