import t, { type Test } from 'tap'
import { isCredentialName } from '../../src/inspect/credential-names.ts'
import { maskedText } from '../../src/inspect/masked-text.ts'

/** What is written, and what is shown of it. What must not be shown contains MARK. */
function shows(t: Test, rows: readonly (readonly [written: string, shown: string])[]): void {
  for (const [written, shown] of rows) t.equal(maskedText(written), shown, written)
}

t.test('names of credentials are known in any spelling, and others are not mistaken for them', async t => {
  const yes =
    'password Passwd userPwd client_secret secretKey SECRET_ACCESS_KEY accessKeyId token authToken x-redlock-auth auth Authorization apiKey api-key x.api.key privateKey ssh_key cookie Set-Cookie sessionId credentials jwt otp webhookUrl plain signature'
  const no =
    'author authType authorities key keyword name policyId pageToken nextPageToken next_page_token plainText session pinned explain description'
  for (const name of yes.split(' ')) t.ok(isCredentialName(name), name)
  for (const name of no.split(' ')) t.notOk(isCredentialName(name), name)
})

t.test('in JSON, values of credentials are masked, and all else stays as it is written', async t => {
  shows(t, [
    ['{ "user" : "u",\n\t"password":  "MARK\\"MARK" }', '{ "user" : "u",\n\t"password":  "[secret]" }'],
    [
      '[{"pin":1234,"token":null,"secret":"","hasPassword":true,"n":1.50}]',
      '[{"pin":"[secret]","token":null,"secret":"","hasPassword":true,"n":1.50}]',
    ],
    [
      '{"credentials":{"user":"MARK","more":["MARK",2,true]},"id":"a"}',
      '{"credentials":{"user":"[secret]","more":["[secret]","[secret]",true]},"id":"a"}',
    ],
    [
      '{"a":[1,[2,{"b":"c","\\u0070assword":"MARK"}]],"d":9007199254740993}',
      '{"a":[1,[2,{"b":"c","\\u0070assword":"[secret]"}]],"d":9007199254740993}',
    ],
    ['{"token":"MARK"}\n{"id":1}\n', '{"token":"[secret]"}\n{"id":1}\n'],
    ['"password"', '"password"'],
    ['{"a":"caf\\u00e9 \\/"}', '{"a":"caf\\u00e9 \\/"}'],
  ])
})

t.test('in JSON, a member may say that the one beside it is a credential', async t => {
  shows(t, [
    [
      '{"key":"Authorization","value":"MARK","secure":true}',
      '{"key":"Authorization","value":"[secret]","secure":true}',
    ],
    ['{"value":"MARK","name":"x-api-key"},{"value":"b"}', '{"value":"[secret]","name":"x-api-key"},{"value":"b"}'],
    ['{"name":"PIN","value":1234', '{"name":"PIN","value":"[secret]"'],
    ['[{"name":"Accept","value":"a"}]', '[{"name":"Accept","value":"a"}]'],
  ])
})

t.test('JSON and forms are searched within strings', async t => {
  shows(t, [
    ['{"body":"{\\"password\\": \\"MARK\\"}"}', '{"body":"{\\"password\\": \\"[secret]\\"}"}'],
    [
      JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ token: 'MARK' }) }) }),
      JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ token: '[secret]' }) }) }),
    ],
    ['{"url":"https://h/p?a=1&token=MARK&b=2"}', '{"url":"https://h/p?a=1&token=[secret]&b=2"}'],
    ['a=1&json=%7B%22token%22%3A%22MARK%22%7D', 'a=1&json=%7B%22token%22%3A%22%5Bsecret%5D%22%7D'],
  ])
  let deep = JSON.stringify({ token: 'MARK' })
  for (let n = 0; n < 7; n++) deep = JSON.stringify({ deep })
  t.notMatch(maskedText(deep), 'MARK')
})

t.test('fields of forms are masked', async t => {
  shows(t, [
    ['user=me&password=MARK%40&x=1+2&token=', 'user=me&password=[secret]&x=1+2&token='],
    ['pass%77ord=MARK&b=%', 'pass%77ord=[secret]&b=%'],
    ['a=b=c&flag\n', 'a=b=c&flag\n'],
  ])
})

t.test('parts of multipart bodies are masked', async t => {
  const body = (value: string) =>
    [
      '--b',
      'Content-Disposition: form-data; name="password"',
      'Content-Type: text/plain',
      '',
      value,
      '--b',
      'Content-Disposition: form-data; name="file"; filename="a"',
      '',
      'shown',
      '--b--',
    ].join('\r\n')
  shows(t, [
    [body('MARK\r\nMARK'), body('[secret]')],
    [
      '--b\nContent-Disposition: form-data; name=token\n\nMARK',
      '--b\nContent-Disposition: form-data; name=token\n\n[secret]',
    ],
  ])
})

t.test('elements, attributes, headers and variables are masked', async t => {
  shows(t, [
    ['<a><password>MARK</password><b>c</b></a>', '<a><password>[secret]</password><b>c</b></a>'],
    ['<x:token a="b"><![CDATA[MARK<]]></x:token>', '<x:token a="b">[secret]</x:token>'],
    ['<user password="MARK" name="n"/>', '<user password="[secret]" name="n"/>'],
    ['<input name="secret" type=text value="MARK">', '<input name="secret" type=text value="[secret]">'],
    ["<property name='apiKey'>MARK</property>", "<property name='apiKey'>[secret]</property>"],
    ['Accept: a\nAuthorization: MARK MARK\n- token: MARK', 'Accept: a\nAuthorization: [secret]\n- token: [secret]'],
    ["run --password=MARK -x; export API_KEY='MARK' A=b", "run --password=[secret] -x; export API_KEY='[secret]' A=b"],
    ["password=MARK'MARK,MARK{MARK};MARK b", 'password=[secret] b'],
    ["{user: 'a', password: 'MARK', n: 1}", "{user: 'a', password: '[secret]', n: 1}"],
    ["curl -H 'X-Redlock-Auth: MARK MARK' -H 'Accept: a'", "curl -H 'X-Redlock-Auth: [secret]' -H 'Accept: a'"],
    ['url=https://h/?token=MARK and so on', 'url=https://h/?token=[secret] and so on'],
    [
      'failed: "secretKey": "MARK", \'pwd\' => \'MARK\', "ok": false',
      'failed: "secretKey": "[secret]", \'pwd\' => \'[secret]\', "ok": false',
    ],
    ['log: {\\"token\\": \\"MARK\\\\\\"MARK\\", \\"a\\":1}', 'log: {\\"token\\": \\"[secret]\\", \\"a\\":1}'],
    ['the token has expired, and no password was given', 'the token has expired, and no password was given'],
    ['token="" password=null secret=false', 'token="" password=null secret=false'],
  ])
})

t.test('what looks like a credential is masked wherever it is', async t => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${'eyJzdWIiOiIxIn0'}.MARK-_mark`
  shows(t, [
    [`x ${jwt} y`, 'x [secret] y'],
    [`{"a":"${jwt}"}`, '{"a":"[secret]"}'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMARK\n-----END RSA PRIVATE KEY-----\nz', '[secret]\nz'],
    ['{"a":"-----BEGIN PRIVATE KEY-----\\nMARK\\n-----END PRIVATE KEY-----\\n"}', '{"a":"[secret]\\n"}'],
    ['-----BEGIN CERTIFICATE-----\nshown', '-----BEGIN CERTIFICATE-----\nshown'],
    ['git ghp_MARKMARKMARKMARK xoxb-MARK-MARK-MARK', 'git [secret] [secret]'],
    ['see https://user:MARK@host/x', 'see https://user:[secret]@host/x'],
    ['with Bearer MARK/MARK== or basic MARKmark1', 'with Bearer [secret] or basic [secret]'],
    ['basic authentication, bearer tokens', 'basic authentication, bearer tokens'],
  ])
})

t.test('wherever a body breaks off, nothing of a credential is shown', async t => {
  const bodies = [
    '{"id":1,"password":"MARK\\"MARK","a":{"key":"Authorization","value":"MARK"},"b":"{\\"token\\":\\"MARK\\\\\\"MARK\\"}"}',
    'a=1&password=MARK%20MARK&b=2',
    '<a><password>MARK MARK</password><![CDATA[x]]></a>',
    'x -----BEGIN PRIVATE KEY-----\nMARK\n-----END PRIVATE KEY-----',
    '{"a":"-----BEGIN PRIVATE KEY-----\\nMARK',
    'say \\"token\\": \\"MARK MARK\\"}',
  ]
  for (const body of bodies)
    for (let end = 0; end <= body.length; end++) t.notMatch(maskedText(body.slice(0, end)), /MA/, body.slice(0, end))
})

t.test('text that is no JSON after all is shown as it is', async t => {
  shows(t, [
    ['[2030-01-01] "quoted" \\ ] }', '[2030-01-01] "quoted" \\ ] }'],
    ['{"a":"x\\u00', '{"a":"x\\u00'],
    ['{"a\nb":"c\td"}', '{"a\nb":"c\td"}'],
    ['', ''],
  ])
})

t.test('no text takes long', async t => {
  const pieces = [
    '"a"',
    'eyJ-',
    'a=b=',
    '<a ',
    'name="a" ',
    '"token":',
    '\\"token\\":\\"',
    '://a:',
    '[{"',
    '\\"',
    'Bearer ',
  ]
  for (const piece of pieces) {
    const text = piece.repeat(30_000)
    t.ok(maskedText(text).length > 0, piece)
  }
})
