"""Speaks to the API as the vendor's Python SDK does: https alone, a login first, a token of its own that it extends.
The same to Compute, which it finds by GET /meta_info; it takes any host but the vendor's for a Compute console.

Modes: `loop` until the file STOP exists; `error` asks for an alert that there is none of.
Environment: PC_URL, PC_IDENTITY, PC_SECRET, PC_VERIFY (what to trust), and what requests itself reads (HTTPS_PROXY,
REQUESTS_CA_BUNDLE); EXTEND_AFTER (seconds); STOP.
"""

import json
import os
import sys
import time

import requests

ALERTS = 250
PAGE = 100
HOSTS = 120
COMPUTE_PAGE = 50
VERIFY = os.environ.get('PC_VERIFY', True)
PAUSE_SECONDS = 0.05


class Sdk:
    """A session of the SDK. An answer that is no good ends the program: its body is the message."""

    def __init__(self):
        url = os.environ['PC_URL']
        if not url.endswith('.prismacloud.io'):
            sys.exit(f'{url} is taken for a Compute console')
        self.http = requests.Session()
        self.base = 'https://' + url
        self.extend_after = float(os.environ.get('EXTEND_AFTER', '590'))
        self.extensions = 0
        self.key = {'username': os.environ['PC_IDENTITY'], 'password': os.environ['PC_SECRET']}
        self.take_token(self.send('POST', '/login', self.key))
        self.compute = Compute(self.request('GET', '/meta_info').json()['twistlockUrl'], self.key)

    def take_token(self, answer):
        self.token = answer.json()['token']
        self.http.headers['x-redlock-auth'] = self.token
        self.token_time = time.monotonic()

    def request(self, method, path, fields=None):
        if time.monotonic() - self.token_time > self.extend_after:
            self.take_token(self.send('GET', '/auth_token/extend'))
            self.extensions += 1
        return self.send(method, path, fields)

    def send(self, method, path, fields=None):
        answer = self.http.request(method, self.base + path, json=fields, verify=VERIFY, timeout=60)
        return checked(answer, f'{method} {path}')


class Compute:
    """The same at the Compute console, where the token is shown as Bearer."""

    def __init__(self, url, key):
        self.http = requests.Session()
        self.base = url
        login = self.http.post(url + '/api/v1/authenticate', json=key, verify=VERIFY, timeout=60)
        self.http.headers['Authorization'] = 'Bearer ' + checked(login, 'authenticate').json()['token']

    def all(self, path):
        found, total = [], None
        while total is None or len(found) < total:
            url = f'{self.base}{path}?limit={COMPUTE_PAGE}&offset={len(found)}'
            answer = checked(self.http.get(url, verify=VERIFY, timeout=60), path)
            total = int(answer.headers['Total-Count'])
            found += answer.json()
        return found


def checked(answer, what):
    if not answer.ok:
        sys.exit(f'{what}: {answer.status_code} {answer.text}')
    return answer


def expect(what, actual, expected):
    if actual != expected:
        sys.exit(f'{what}: {actual!r} instead of {expected!r}')


def check_alerts(sdk):
    """Reads all alerts, page by page."""
    fields = {'timeRange': {'type': 'to_now', 'value': 'epoch'}, 'limit': PAGE}
    alerts = []
    while True:
        page = sdk.request('POST', '/v2/alert', fields).json()
        alerts += page['items']
        if 'nextPageToken' not in page:
            break
        fields['pageToken'] = page['nextPageToken']
    expect('alerts', len(alerts), ALERTS)
    expect('distinct ids', len({alert['id'] for alert in alerts}), ALERTS)


def check_csv(sdk):
    head, *lines = sdk.request('GET', '/alert/csv/1/download').text.splitlines()
    expect('head of the CSV', head, '"Alert ID","Status","Policy Name"')
    expect('ids in the CSV', [line.split(',')[0] for line in lines], [f'P-{1000 + n}' for n in range(ALERTS)])


def check_lists(sdk):
    expect('policies', len(sdk.request('GET', '/v2/policy?client=python').json()), 5)
    expect('cloud accounts', len(sdk.request('GET', '/cloud').json()), 3)
    expect('hosts', len({host['_id'] for host in sdk.compute.all('/api/v1/hosts')}), HOSTS)


def loop(sdk):
    # alerts are limited to two requests a second
    check_alerts(sdk)
    rounds = 0
    while rounds == 0 or not os.path.exists(os.environ['STOP']):
        check_csv(sdk)
        check_lists(sdk)
        rounds += 1
        time.sleep(PAUSE_SECONDS)
    print(json.dumps({'rounds': rounds, 'extensions': sdk.extensions, 'token': sdk.token}))


if sys.argv[1] == 'error':
    Sdk().request('GET', '/alert/none')
else:
    loop(Sdk())
