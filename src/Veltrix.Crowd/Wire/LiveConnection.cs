using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Veltrix.Crowd;

/// <summary>Takes one message of the server. The bytes hold only during the call.</summary>
delegate void MessageHandler(ReadOnlySpan<byte> json);

/// <summary>
/// One WebSocket from the client's side, on a bare socket: so light that tens of thousands of them, their reading and their writing, fit beside the server they
/// are to test. Allocates nothing per frame.
/// </summary>
/// <remarks><see cref="Receive"/> runs once; <see cref="Send(ReadOnlySpan{byte})"/> and <see cref="Dispose"/> may be called from any thread.</remarks>
sealed class LiveConnection : IDisposable
{
    const string Protocol = "veltrix.v1.json";
    const string AcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const int MaxHeaderBytes = 8192;

    readonly Socket socket;
    readonly MessageReader reader = new();
    readonly Lock sending = new();
    long bytesIn;
    long bytesOut;
    bool ended;

    LiveConnection(Socket socket) => this.socket = socket;

    public long BytesIn => Interlocked.Read(ref bytesIn);

    public long BytesOut => Interlocked.Read(ref bytesOut);

    /// <summary>Connects and upgrades.</summary>
    /// <exception cref="UpgradeRefusedException">The server answered, but not with 101.</exception>
    public static async Task<LiveConnection> Open(LiveAddress address, IPAddress? local, CancellationToken cancel)
    {
        var connection = new LiveConnection(await address.Connect(local, cancel));
        try
        {
            await connection.Upgrade(address, cancel);
            // From here on a send that would block fails instead: no slow server may hold up the thread that paces everybody.
            connection.socket.Blocking = false;
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sends one text frame of at most 4,096 bytes. False: the connection is over, or its send buffer is full because the server has stopped reading, which ends it.
    /// </summary>
    public bool Send(ReadOnlySpan<byte> json) => Send(Opcode.Text, json);

    /// <summary>Hands every message to <paramref name="handle"/>, in order, until the connection ends. Never throws for what the network does.</summary>
    public async Task<Farewell> Receive(MessageHandler handle)
    {
        try
        {
            while (true)
            {
                if (Deliver(handle) is { } farewell)
                    return farewell;
                int count = await socket.ReceiveAsync(reader.Free());
                if (count == 0)
                    return Farewell.Lost("ClosedWithoutGoodbye");
                Interlocked.Add(ref bytesIn, count);
                reader.Received(count);
            }
        }
        catch (SocketException e)
        {
            return Farewell.Lost(e.SocketErrorCode.ToString());
        }
        catch (Exception e) when (e is ObjectDisposedException or WireException)
        {
            return Farewell.Lost(e is WireException ? e.Message : "LetGo");
        }
    }

    /// <summary>Says goodbye (1000) and lets go.</summary>
    public void Leave()
    {
        Send(Opcode.Close, [0x03, 0xE8]);
        Dispose();
    }

    public void Dispose()
    {
        lock (sending)
            ended = true;
        socket.Dispose();
    }

    Farewell? Deliver(MessageHandler handle)
    {
        while (reader.TryRead(out var message))
        {
            switch (message.Opcode)
            {
                case Opcode.Text:
                    handle(message.Payload);
                    break;
                case Opcode.Ping:
                    Send(Opcode.Pong, message.Payload);
                    break;
                case Opcode.Close:
                    var farewell = Farewell.Read(message.Payload);
                    Send(Opcode.Close, message.Payload.Length < 2 ? [] : message.Payload[..2]);
                    return farewell;
            }
        }

        return null;
    }

    bool Send(Opcode opcode, ReadOnlySpan<byte> payload)
    {
        Span<byte> frame = stackalloc byte[payload.Length + 8];
        frame = frame[..WriteFrame(opcode, payload, frame)];
        try
        {
            lock (sending)
            {
                if (ended)
                    return false;
                int sent = socket.Send(frame, SocketFlags.None, out var error);
                if (error == SocketError.Success && sent == frame.Length)
                {
                    Interlocked.Add(ref bytesOut, sent);
                    return true;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }

        Dispose(); // half a frame, or nobody there: the stream cannot go on
        return false;
    }

    /// <summary>Writes a masked frame and returns its length. The mask protects proxies from hostile scripts, which this is not: any number will do.</summary>
    internal static int WriteFrame(Opcode opcode, ReadOnlySpan<byte> payload, Span<byte> frame)
    {
        frame[0] = (byte)(0x80 | (byte)opcode);
        int header = 2;
        if (payload.Length < 126)
            frame[1] = (byte)(0x80 | payload.Length);
        else
        {
            frame[1] = 0x80 | 126;
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], checked((ushort)payload.Length));
            header = 4;
        }

        var mask = frame.Slice(header, 4);
        BinaryPrimitives.WriteInt32LittleEndian(mask, Random.Shared.Next());
        header += 4;
        for (int i = 0; i < payload.Length; i++)
            frame[header + i] = (byte)(payload[i] ^ mask[i & 3]);
        return header + payload.Length;
    }

    async Task Upgrade(LiveAddress address, CancellationToken cancel)
    {
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        var request = Encoding.ASCII.GetBytes(
            $"GET {address.Path} HTTP/1.1\r\nHost: {address.Host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + $"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {Protocol}\r\n\r\n");
        await socket.SendAsync(request, cancel);
        bytesOut += request.Length;

        var buffer = new byte[MaxHeaderBytes];
        int have = 0, headerEnd;
        while ((headerEnd = buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8)) < 0)
        {
            int count = have == buffer.Length ? 0 : await socket.ReceiveAsync(buffer.AsMemory(have), cancel);
            if (count == 0)
                throw new WireException($"the answer to the upgrade has no end within {MaxHeaderBytes} bytes, or the server closed the connection");
            have += count;
        }

        bytesIn += have;
        var lines = Encoding.Latin1.GetString(buffer, 0, headerEnd).Split("\r\n");
        var rest = buffer.AsMemory(headerEnd + 4, have - headerEnd - 4);
        int status = lines[0].Split(' ') is [_, var number, ..] && int.TryParse(number, out int parsed) ? parsed : 0;
        if (status != 101)
            throw new UpgradeRefusedException(status, lines[0], Encoding.UTF8.GetString(rest.Span));

        string expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + AcceptSuffix)));
        string? accept = lines.FirstOrDefault(l => l.StartsWith("Sec-WebSocket-Accept:", StringComparison.OrdinalIgnoreCase))?.Split(':', 2)[1].Trim();
        if (accept != expected)
            throw new WireException($"Sec-WebSocket-Accept is '{accept}', not '{expected}': whatever answered is no WebSocket server");
        while (rest.Length > 0)
        {
            var free = reader.Free();
            int part = Math.Min(free.Length, rest.Length);
            rest[..part].CopyTo(free);
            reader.Received(part);
            rest = rest[part..];
        }
    }
}

/// <summary>The server answered the upgrade with something other than 101.</summary>
sealed class UpgradeRefusedException(int status, string line, string body) : IOException($"the upgrade was answered '{line}' {body}".TrimEnd())
{
    public int Status { get; } = status;
}
