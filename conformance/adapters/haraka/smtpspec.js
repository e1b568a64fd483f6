'use strict'
// Haraka under smtpspec: a plugin that tells what its hooks are called for, and plays scripts. The protocol is in
// ../EVENT-STREAM.md. Haraka runs plugins in a sandbox with the return codes (OK, DENY, ...) as globals.

const fs = require('fs')
const path = require('path')
const { Writable } = require('stream')

// run.sh links this file into the plugins folder.
const here = path.dirname(fs.realpathSync(__filename))
const { environment, showAddress, text, Stream, Content } = require(path.join(here, '../node/events'))

const EVENTS = [
    'OnConnect',
    'OnHeloCommand',
    'OnEhloCommand',
    'OnMailCommand',
    'OnRcptCommand',
    'OnDataCommand',
    'OnEndOfData',
    'OnNoopCommand',
    'OnRsetCommand',
    'OnDisconnect',
]

let stream

exports.register = function () {
    this.register_hook('data_post', 'read')
    this.register_hook('data_post', 'decide')
    this.register_hook('quit', 'quit')
    this.register_hook('quit', 'quit')
    const haraka = require(path.join(here, 'installed', process.env.SMTPSPEC_VERSION, 'node_modules/Haraka/package.json'))
    stream = new Stream(environment().events, {
        'smtpspec-events': 1,
        adapter: 'haraka',
        server: `Haraka ${haraka.version}`,
        events: EVENTS,
        semantics: { disconnect_reason: true, clock: true, scripts: true },
    })
}

// What is told of each connection, and how it is ending.
const observed = new WeakMap()

// The connection's first hook, whichever this release has.
function begin(connection) {
    if (observed.has(connection)) return
    const { client } = connection
    const told = stream.session(showAddress(client.remoteAddress, client.remotePort))
    const state = { told, atConnect: told.fire('OnConnect'), reason: null, lost: false }
    observed.set(connection, state)
    // First of all listeners: Haraka's own runs the disconnect hook.
    for (const loss of ['end', 'close', 'error']) {
        client.prependListener(loss, () => {
            state.lost = true
        })
    }
}

// Does what the script says, by the means of a Haraka plugin. `ok` is what the hook answers when it accepts.
function play(connection, action, next, ok) {
    if (action.fail) throw new Error('a handler failed, as its script says')
    if (action.sleep) return void setTimeout(() => next(ok), action.sleep)
    if (action.reject) return next(/^4/.test(action.reject) ? DENYSOFT : DENY, action.reject.slice(4))
    if (action.drop) {
        observed.get(connection).reason = 'DroppedSession'
        return next(DENYSOFTDISCONNECT, '4.3.2 the session is dropped')
    }
    next(ok)
}

function tell(connection, next, ok, event, args) {
    play(connection, observed.get(connection).told.fire(event, args), next, ok)
}

exports.hook_connect_init = function (next, connection) {
    begin(connection)
    next()
}

exports.hook_lookup_rdns = function (next, connection) {
    begin(connection)
    next(OK, 'client.example.org')
}

// What connect_init answers is ignored: refused is here.
exports.hook_connect = function (next, connection) {
    play(connection, observed.get(connection).atConnect, next)
}

exports.hook_helo = function (next, connection, domain) {
    tell(connection, next, undefined, 'OnHeloCommand', { domain: text(domain) })
}

exports.hook_ehlo = function (next, connection, domain) {
    tell(connection, next, undefined, 'OnEhloCommand', { domain: text(domain) })
}

// Between the angle brackets.
function sent(address) {
    return text(address.original).replace(/^<([^]*)>$/, '$1')
}

exports.hook_mail = function (next, connection, params) {
    tell(connection, next, undefined, 'OnMailCommand', { reverse_path: sent(params[0]) })
}

exports.hook_rcpt = function (next, connection, params) {
    tell(connection, next, OK, 'OnRcptCommand', { forward_path: sent(params[0]) })
}

exports.hook_data = function (next, connection) {
    // Releases that cannot leave out their Received field have added it by now: then what was sent cannot be told.
    observed.get(connection).altered = connection.transaction.data_bytes > 0
    tell(connection, next, undefined, 'OnDataCommand')
}

// The message has come. Haraka hands it on as a stream, for which the script does not wait: what a hook throws later is
// not Haraka's to catch.
exports.read = function (next, connection) {
    const state = observed.get(connection)
    const content = new Content()
    const sink = new Writable({
        write(octets, encoding, done) {
            content.push(octets)
            done()
        },
    })
    sink.on('finish', () => {
        state.content = state.altered ? undefined : content.whole.show()
        next()
    })
    connection.transaction.message_stream.pipe(sink)
}

exports.decide = function (next, connection) {
    tell(connection, next, undefined, 'OnEndOfData', { content: observed.get(connection).content })
}

// A queue takes its time. Without it chance would decide whether what is pipelined behind a message in a segment of its
// own comes before the answer, for which Haraka refuses it.
exports.hook_queue = function (next) {
    setTimeout(() => next(OK), 50)
}

exports.hook_noop = function (next, connection) {
    // Of a NOOP's refusals Haraka heeds these two.
    const heeded = { [DENYSOFT]: DENY, [DENYSOFTDISCONNECT]: DENYDISCONNECT }
    tell(connection, (code, message) => next(heeded[code] || code, message), undefined, 'OnNoopCommand')
}

exports.hook_rset = function (next, connection) {
    const action = observed.get(connection).told.fire('OnRsetCommand')
    // What this hook answers, Haraka does not ask.
    play(connection, action.reject || action.drop ? {} : action, next)
}

// Twice, and not at once, as where there are two plugins of which the first looks something up: what comes behind a QUIT
// may not overtake it.
exports.quit = function (next, connection) {
    observed.get(connection).reason = 'QuitVerb'
    setTimeout(next, 0)
}

exports.hook_disconnect = function (next, connection) {
    begin(connection)
    tell(connection, next, undefined, 'OnDisconnect', { reason: reason(connection) })
}

// Haraka does not say why: from what was seen before.
function reason(connection) {
    const state = observed.get(connection)
    if (state.reason) return state.reason
    if (state.lost) return 'SenderDisconnected'
    if (/^421 timeout/.test(connection.last_response)) return 'Timeout'
    return 'DroppedSession'
}
