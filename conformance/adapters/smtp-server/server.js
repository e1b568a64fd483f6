'use strict'
// smtp-server under smtpspec: a server whose handlers tell what they are called for, and play scripts.
// The protocol is in ../EVENT-STREAM.md.

const { environment, showAddress, text, Stream, Content } = require('../node/events')

const installed = `${__dirname}/installed/${process.env.SMTPSPEC_VERSION}/node_modules/smtp-server`
const { SMTPServer } = require(installed)
const { version } = require(`${installed}/package.json`)

const SIZE = 10 * 1024 * 1024

// Which handler each event is taken from. Releases that do not have a handler yet cannot show its events.
const HANDLERS = {
    onConnect: ['OnConnect'],
    onMailFrom: ['OnMailCommand'],
    onRcptTo: ['OnRcptCommand'],
    onData: ['OnDataCommand', 'OnEndOfHeaders', 'OnEndOfData'],
    onClose: ['OnDisconnect'],
}

const env = environment()
const stream = new Stream(env.events, {
    'smtpspec-events': 1,
    adapter: 'smtp-server',
    server: `smtp-server ${version}`,
    events: [].concat(...Object.keys(HANDLERS).filter((name) => SMTPServer.prototype[name]).map((name) => HANDLERS[name])),
    semantics: { clock: true, scripts: true },
})

// smtp-server keeps one session object for each connection.
const observed = new WeakMap()

// What is told of a session. In an onClose that no onConnect came before, smtp-server's own session object does not
// know the client's address: so it is noted where the connection begins.
class Server extends SMTPServer {
    connect(socket, options) {
        super.connect(socket, options)
        const { session } = Array.from(this.connections).pop()
        // A connection that is lost already has no address, and nobody who waits for events.
        if (socket.remotePort) {
            observed.set(session, stream.session(showAddress(socket.remoteAddress, socket.remotePort)))
        }
    }
}

function tell(session, event, args) {
    const told = observed.get(session)
    return told ? told.fire(event, args) : { accept: true }
}

function refusal(reply) {
    const error = new Error(reply.slice(4))
    error.responseCode = Number(reply.slice(0, 3))
    return error
}

// What smtp-server is to answer in LMTP for each recipient, when the message is refused for one of them only.
function responses(session, { recipient, reply }) {
    const response = (_, at) => at === recipient - 1 ? refusal(reply) : 'OK: message accepted'
    return session.envelope.rcptTo.map(response)
}

// Does what the script says; calls `done` as a handler would, with an error or with nothing.
function play(action, done) {
    if (action.sleep) return void setTimeout(done, action.sleep)
    if (action.reject) return done(refusal(action.reject))
    // The reply with which smtp-server closes the connection.
    if (action.drop) return done(refusal('421 4.3.2 the session is dropped'))
    if (action.fail) throw new Error('a handler failed, as its script says')
    done()
}

// Where smtp-server is not there to catch what is thrown, a handler hands its failure on.
function handOn(action) {
    return action.fail ? { reject: '450 a handler failed, as its script says' } : action
}

function onConnect(session, callback) {
    play(handOn(tell(session, 'OnConnect')), callback)
}

function onMailFrom(address, session, callback) {
    play(tell(session, 'OnMailCommand', { reverse_path: text(address.address) }), callback)
}

function onRcptTo(address, session, callback) {
    play(tell(session, 'OnRcptCommand', { forward_path: text(address.address) }), callback)
}

// The handler gets the message as a stream: its begin, its header section and its end are three moments. A reply can
// only be given to the whole, and smtp-server holds it back until the message has ended; one is given only once.
function onData(message, session, callback) {
    const content = new Content()
    let answered = false
    let refusedByHeaders = false

    const goOn = (error) => {
        if (error) {
            answered = true
            callback(error)
        }
        message.resume()
    }
    const ask = (event, args, done) => {
        const action = tell(session, event, args)
        if (answered) return done()
        message.pause()
        const one = env.protocol === 'lmtp' && action['reject-for']
        if (one) return done(null, responses(session, one))
        play(handOn(action), done)
    }
    const endOfHeaders = (headers, done) => {
        ask('OnEndOfHeaders', { headers }, (error) => {
            refusedByHeaders = Boolean(error)
            done(error)
        })
    }
    const endOfData = (error) => {
        if (error || refusedByHeaders) return goOn(error)
        if (message.sizeExceeded && !answered) return callback(refusal('552 5.3.4 message too big'))
        ask('OnEndOfData', { content: content.whole.show() }, (...answer) => answered || callback(...answer))
    }

    message.on('data', (octets) => {
        const headers = content.push(octets)
        if (headers) endOfHeaders(headers, goOn)
    })
    message.on('end', () => {
        const headers = content.finish()
        if (headers) endOfHeaders(headers, endOfData)
        else endOfData()
    })
    // The client was lost: no end of data.
    message.on('error', () => {})
    message.pause()
    play(tell(session, 'OnDataCommand'), goOn)
}

function onClose(session) {
    tell(session, 'OnDisconnect')
}

const server = new Server({
    name: 'mx.example.org',
    logger: false,
    disableReverseLookup: true,
    // AUTH would need users; STARTTLS is offered where smtpspec asks for it.
    disabledCommands: env.tls && env.tls.offered === 'starttls' ? ['AUTH'] : ['STARTTLS', 'AUTH'],
    lmtp: env.protocol === 'lmtp',
    secure: Boolean(env.tls && env.tls.offered === 'implicit'),
    cert: env.tls && env.tls.cert,
    key: env.tls && env.tls.key,
    size: SIZE,
    socketTimeout: env.idle,
    onConnect,
    onMailFrom,
    onRcptTo,
    onData,
    onClose,
})
// Lost connections are reported here.
server.on('error', () => {})
server.listen(env.listen.port, env.listen.host)
