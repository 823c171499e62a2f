"""Speaks to the API as the vendor's Python SDK does: https alone, a login first, a token of its own that it extends.

Modes: `loop` until the file STOP exists; `error` asks for an alert that there is none of.
Environment: PC_URL (host:port), PC_IDENTITY, PC_SECRET; CA_FILE (what to trust); EXTEND_AFTER (seconds); STOP.
"""

import json
import os
import sys
import time

import requests

ALERTS = 250
PAGE = 100
PAUSE_SECONDS = 0.05


class Sdk:
    """A session of the SDK. An answer that is no good ends the program: its body is the message."""

    def __init__(self):
        self.http = requests.Session()
        self.http.verify = os.environ['CA_FILE']
        self.base = 'https://' + os.environ['PC_URL']
        self.extend_after = float(os.environ.get('EXTEND_AFTER', '590'))
        self.extensions = 0
        key = {'username': os.environ['PC_IDENTITY'], 'password': os.environ['PC_SECRET']}
        self.take_token(self.send('POST', '/login', key))

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
        answer = self.http.request(method, self.base + path, json=fields, timeout=60)
        if not answer.ok:
            sys.exit(f'{method} {path}: {answer.status_code} {answer.text}')
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
