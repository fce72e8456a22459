// kafkajs.
'use strict'

const fs = require('node:fs')
const readline = require('node:readline')
const { CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = require('kafkajs')
const snappy = require('kafkajs-snappy')
const lz4 = require('lz4js')

// kafkajs leaves both codecs to plug-ins.
CompressionCodecs[CompressionTypes.Snappy] = snappy
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async encoder => lz4Frame(encoder.buffer),
  decompress: async buffer => Buffer.from(lz4.decompress(buffer)),
})

// An LZ4 frame of independent 64 KiB blocks without checksums; lz4js itself writes linked blocks, which Kafka does not read.
function lz4Frame(data) {
  const parts = [Buffer.from('04224d18604082', 'hex')]
  for (let start = 0; start < data.length; start += 65536) {
    const block = data.subarray(start, start + 65536)
    const compressed = Buffer.alloc(lz4.compressBound(block.length))
    const length = lz4.compressBlock(block, compressed, 0, block.length, new Uint32Array(1 << 16))
    const size = Buffer.alloc(4)
    const isSmaller = length > 0 && length < block.length
    size.writeUInt32LE(isSmaller ? length : (block.length | 0x80000000) >>> 0)
    parts.push(size, isSmaller ? compressed.subarray(0, length) : block)
  }
  return Buffer.concat([...parts, Buffer.alloc(4)])
}

const CODECS = {
  none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4,
}

// How to connect, as ../README.md says.
function secure() {
  const login = JSON.parse(process.env.DRIVER_SECURITY || 'null')
  if (login === null) return {}
  return {
    ssl: login.protocol.endsWith('SSL') ? { ca: [fs.readFileSync(login.authority)] } : false,
    sasl: { mechanism: login.mechanism.toLowerCase(), username: login.username, password: login.password },
  }
}

const connect = bootstrap => new Kafka({
  clientId: 'driver', brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 100 }, ...secure(),
})
const say = line => process.stdout.write(JSON.stringify(line) + '\n')
const encode = data => (data === null || data === undefined ? null : Buffer.from(data).toString('base64'))
const decode = text => (text === null ? null : Buffer.from(text, 'base64'))

function sayRecord(partition, message) {
  const headers = Object.entries(message.headers || {}).flatMap(([name, values]) => [values].flat().map(value => [name, encode(value)]))
  say({
    partition, offset: Number(message.offset), key: encode(message.key), value: encode(message.value), headers, timestamp: Number(message.timestamp),
  })
}

async function produce(bootstrap, topic, codec, idempotent) {
  const messages = []
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const record = JSON.parse(line)
    const headers = Object.fromEntries(record.headers.map(([name, value]) => [name, decode(value)]))
    messages.push({ key: decode(record.key), value: decode(record.value), headers, timestamp: String(record.timestamp) })
  }
  const producer = connect(bootstrap).producer({
    createPartitioner: Partitioners.DefaultPartitioner, idempotent: idempotent === '1', maxInFlightRequests: 1,
  })
  await producer.connect()
  for (let start = 0; start < messages.length; start += 100) {
    await producer.send({ topic, acks: -1, compression: CODECS[codec], messages: messages.slice(start, start + 100) })
  }
  await producer.disconnect()
  say({ produced: messages.length })
}

async function member(bootstrap, topic, groupId) {
  const kafka = connect(bootstrap)
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10000, heartbeatInterval: 500, maxWaitTimeInMs: 500 })
  const next = new Map() // partition -> position
  consumer.on(consumer.events.GROUP_JOIN, event => {
    const owns = (event.payload.memberAssignment[topic] || []).slice().sort((a, b) => a - b)
    for (const partition of next.keys()) {
      if (!owns.includes(partition)) next.delete(partition)
    }
    say({ owns })
  })
  consumer.on(consumer.events.REBALANCING, () => say({ owns: [] }))
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, isRunning, isStale }) => {
      for (const message of batch.messages) {
        if (!isRunning() || isStale()) break
        sayRecord(batch.partition, message)
        resolveOffset(message.offset)
        next.set(batch.partition, Number(message.offset) + 1)
      }
      await heartbeat()
    },
  })
  for await (const command of readline.createInterface({ input: process.stdin })) {
    if (command === 'stop') break
    await consumer.commitOffsets([...next].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })))
    say({ committed: true })
  }
  await consumer.disconnect()
}

async function seek(bootstrap, topic, partitionText, time, countText) {
  const partition = Number(partitionText)
  const kafka = connect(bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  // kafkajs answers a time behind the last record with the end of the log.
  const found = (await admin.fetchTopicOffsetsByTimestamp(topic, Number(time))).find(row => row.partition === partition).offset
  const end = (await admin.fetchTopicOffsets(topic)).find(row => row.partition === partition).high
  await admin.disconnect()
  if (Number(found) < 0 || found === end) {
    say({ offset: -1 })
    return
  }
  // It reads through groups only: one that nobody else has.
  const consumer = kafka.consumer({ groupId: `${topic}-seek-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 500 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let left = Number(countText)
  await new Promise((resolve, reject) => {
    consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition: from, message }) => {
        if (from !== partition || Number(message.offset) < Number(found) || left <= 0) return
        sayRecord(from, message)
        if (--left === 0) resolve()
      },
    }).catch(reject)
    consumer.seek({ topic, partition, offset: found })
  })
  await consumer.disconnect()
}

const [command, ...rest] = process.argv.slice(2)
const commands = { produce, member, seek }
commands[command](...rest).then(
  () => process.exit(0),
  error => {
    console.error(error)
    process.exit(1)
  },
)
