'use strict'
// What adapters of servers that run in Node share: the event stream to smtpspec, and the handler scripts that come
// back over it. The protocol is in ../EVENT-STREAM.md. No syntax newer than Node 8's, which old servers need.

const crypto = require('crypto')
const fs = require('fs')
const net = require('net')

// `127.0.0.1:25` as host and port.
function address(shown) {
    const colon = shown.lastIndexOf(':')
    return { host: shown.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(shown.slice(colon + 1)) }
}

// Host and port as smtpspec writes them.
function showAddress(host, port) {
    // IPv4 over a socket of both families.
    const plain = String(host).replace(/^::ffff:(?=[\d.]+$)/, '')
    return plain.indexOf(':') >= 0 ? `[${plain}]:${port}` : `${plain}:${port}`
}

// What the environment says, or a clear end.
function environment() {
    const missing = ['SMTPSPEC_LISTEN', 'SMTPSPEC_EVENTS'].filter((name) => !process.env[name])
    if (missing.length) {
        console.error(`started without ${missing.join(' and ')}: see conformance/adapters/README.md`)
        process.exit(1)
    }
    return {
        listen: address(process.env.SMTPSPEC_LISTEN),
        events: address(process.env.SMTPSPEC_EVENTS),
        idle: Number(process.env.SMTPSPEC_IDLE_MS || 300000),
        tls: tls(),
        // `lmtp` where smtpspec asks for it.
        protocol: process.env.SMTPSPEC_PROTOCOL,
    }
}

// What TLS is to be offered: `starttls` or `implicit`, with certificate and key; undefined where none is.
function tls() {
    const offered = process.env.SMTPSPEC_TLS
    if (!offered) return undefined
    const read = (name) => fs.readFileSync(process.env[name])
    return { offered, cert: read('SMTPSPEC_TLS_CERT'), key: read('SMTPSPEC_TLS_KEY') }
}

// The connection to smtpspec: events go out, handler scripts come in.
class Stream {
    constructor(where, hello) {
        this.scripts = new Map()
        this.sessions = 0
        this.socket = net.connect(where.port, where.host)
        this.socket.setNoDelay(true)
        this.write(hello)
        this.readScripts()
        // Without smtpspec there is nobody to serve for.
        this.socket.on('error', () => process.exit(0))
        this.socket.on('close', () => process.exit(0))
    }

    // Node hands a write to the kernel before it returns, as long as none is waiting: smtpspec reads all the time, so
    // none is, and an event has left before the reply to its command.
    write(line) {
        this.socket.write(JSON.stringify(line) + '\n')
    }

    readScripts() {
        let rest = ''
        this.socket.setEncoding('utf8')
        this.socket.on('data', (text) => {
            const lines = (rest + text).split('\n')
            rest = lines.pop()
            for (const line of lines) {
                const script = JSON.parse(line)
                this.scripts.set(script.peer, script.handlers)
                this.write({ ready: script.peer })
            }
        })
    }

    session(peer) {
        this.sessions += 1
        return new Session(this, `n${this.sessions}`, peer)
    }
}

// What is told of one connection, and the script that its handlers play.
class Session {
    constructor(stream, name, peer) {
        this.stream = stream
        this.name = name
        this.peer = peer
        this.rules = stream.scripts.get(peer) || []
        stream.scripts.delete(peer)
        this.seq = 0
        this.counts = {}
    }

    // Tells of an event; returns what the script does with it, as an object with one of the keys `accept`, `reject`,
    // `drop`, `fail`, `sleep`.
    fire(event, args) {
        this.seq += 1
        this.stream.write({
            session: this.name,
            seq: this.seq,
            at: Date.now() * 1e6,
            peer: this.peer,
            event,
            args: args || {},
        })
        const nth = (this.counts[event] = (this.counts[event] || 0) + 1)
        const rule = this.rules.find((one) => one.event === event && one.nth === nth)
        const action = rule ? rule.action : 'accept'
        return typeof action === 'string' ? { [action]: true } : action
    }
}

// Digests content that comes in pieces, and finds the end of its header section on the way.
class Content {
    constructor() {
        this.whole = new Digest()
        // What has come of the header section, behind a line end that was not sent: a message may begin with the
        // blank line. Empty once the section has ended.
        this.head = Buffer.from('\r\n')
    }

    // Takes the next octets; returns the header section's digest when the blank line has come with them.
    push(octets) {
        this.whole.push(octets)
        if (!this.head) return null
        const seen = this.head.length
        this.head = Buffer.concat([this.head, octets])
        const blank = this.head.indexOf('\r\n\r\n', Math.max(0, seen - 3))
        return blank < 0 ? null : this.endHead(blank + 2)
    }

    // At the end of the content; returns the digest of a header section that no blank line has ended.
    finish() {
        return this.head ? this.endHead(this.head.length) : null
    }

    endHead(end) {
        const section = new Digest()
        section.push(this.head.slice(2, end))
        this.head = null
        return section.show()
    }
}

class Digest {
    constructor() {
        this.size = 0
        this.hash = crypto.createHash('sha256')
    }

    push(octets) {
        this.size += octets.length
        this.hash.update(octets)
    }

    show() {
        return { size: this.size, sha256: this.hash.digest('hex') }
    }
}

// What a client sent, in the event stream's escaped form. Octets that are no UTF-8 are lost where the server decodes.
function text(sent) {
    return String(sent).replace(/\\/g, '\\\\')
}

module.exports = { environment, showAddress, text, Stream, Content }
