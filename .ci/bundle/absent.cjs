// Takes the place of a library that is loaded and never used. Fastify calls some of them once to prepare for a use.
module.exports = () => () => {
  throw new Error('this part of a library is not in the bundle: see .ci/build.js')
}
