/** What can be done about an error that Prisma Cloud names by one of these keys, for the keys whose name alone is no help. */
export const i18nHelp: ReadonlyMap<string, string> = new Map([
  ['invalid_credentials', 'the access key is wrong, expired or disabled, or belongs to another stack'],
  ['sso_enabled_password_login_attempt', 'this user must sign in by SSO; use an access key instead of a password'],
  ['token_expired', 'the session ended; only a new login helps'],
  ['unauthorized_access', 'the role of this access key does not permit this operation'],
  ['unauthorized', 'the session or the permission for this operation is missing'],
  ['forbidden', 'the role of this access key does not permit this operation'],
  ['invalid_parameter_value', 'a parameter has a value that the API does not accept'],
  ['missing_required_parameter', 'a parameter that the API requires is missing'],
  ['bad_request', 'the API does not accept the request; compare its parameters and body with the API documentation'],
  ['limit_exceeded', 'more is asked for than the API gives at one time; ask for less, or in pages'],
  ['not_found', 'it does not exist, or not in this tenant'],
  ['rate_limit_exceeded', 'too many requests for this user; wait and send fewer at once'],
  ['too_many_requests', 'too many requests for this user; wait and send fewer at once'],
  ['unsupported_media_type', 'send the body as JSON with the header content-type: application/json'],
  ['internal_error', 'Prisma Cloud failed inside; try again later, and quote the request id to its support'],
])
