using System.Buffers;
using System.Buffers.Binary;

namespace Veltrix.Crowd;

/// <summary>Kinds of WebSocket frames (RFC 6455, section 5.2).</summary>
enum Opcode : byte
{
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// <summary>One message. The payload lies in the reader's buffer and holds until the reader is used again.</summary>
readonly ref struct Message(Opcode opcode, ReadOnlySpan<byte> payload)
{
    public Opcode Opcode { get; } = opcode;

    public ReadOnlySpan<byte> Payload { get; } = payload;
}

/// <summary>
/// Cuts the bytes that a server sends, in whatever pieces they come, into WebSocket messages: the receiving half of a client, and no more.
/// </summary>
/// <remarks>
/// Made for tens of thousands of mostly idle connections in a process: a buffer of <see cref="UsualBytes"/> holds a board frame, is kept for life (one receive
/// a frame, no second call to ask whether there is anything), and grows only for a message that does not fit. One thread at a time.
/// </remarks>
sealed class MessageReader
{
    /// <summary>A board frame with ten rows is about 800 bytes; two of them and an outcome fit.</summary>
    public const int UsualBytes = 2048;

    /// <summary>No frame of the protocol comes near this; a length above it is a broken stream, not a message.</summary>
    public const int MaxMessageBytes = 1 << 20;

    byte[] buffer = new byte[UsualBytes];
    int start;
    int end;

    // The pieces of a fragmented message so far, and what kind it is.
    ArrayBufferWriter<byte>? pieces;
    Opcode piecesOpcode;
    bool piecesDelivered;

    /// <summary>Where the next bytes go: never empty. Report them with <see cref="Received"/>.</summary>
    public Memory<byte> Free()
    {
        if (start == end)
        {
            start = end = 0;
            if (buffer.Length > UsualBytes)
                buffer = new byte[UsualBytes];
        }
        else if (end == buffer.Length)
        {
            int have = end - start;
            byte[] target = have > buffer.Length / 2 ? new byte[buffer.Length * 2] : buffer;
            Buffer.BlockCopy(buffer, start, target, 0, have);
            (buffer, start, end) = (target, 0, have);
        }

        return buffer.AsMemory(end);
    }

    public void Received(int bytes) => end += bytes;

    /// <summary>Gives the next whole message, control frames included, or false when more bytes are needed.</summary>
    /// <exception cref="WireException">The bytes are no WebSocket stream that a server may send.</exception>
    public bool TryRead(out Message message)
    {
        if (piecesDelivered)
        {
            pieces = null;
            piecesDelivered = false;
        }

        while (TryReadFrame(out var opcode, out bool final, out var payload))
        {
            if (opcode >= Opcode.Close)
            {
                if (!final || payload.Length > 125)
                    throw new WireException($"a {opcode} frame of {payload.Length} bytes, final={final}: control frames are whole and at most 125 bytes");
                message = new Message(opcode, payload);
                return true;
            }

            if ((opcode == Opcode.Continuation) != (pieces is not null))
                throw new WireException(pieces is null ? "a continuation of nothing" : "a new message inside a fragmented one");
            if (final && pieces is null)
            {
                message = new Message(opcode, payload);
                return true;
            }

            if (pieces is null)
                (pieces, piecesOpcode) = (new ArrayBufferWriter<byte>(), opcode);
            if (pieces.WrittenCount + payload.Length > MaxMessageBytes)
                throw new WireException($"a fragmented message above {MaxMessageBytes} bytes");
            pieces.Write(payload);
            if (final)
            {
                piecesDelivered = true;
                message = new Message(piecesOpcode, pieces.WrittenSpan);
                return true;
            }
        }

        message = default;
        return false;
    }

    bool TryReadFrame(out Opcode opcode, out bool final, out ReadOnlySpan<byte> payload)
    {
        (opcode, final) = (default, default);
        payload = default;
        var bytes = buffer.AsSpan(start, end - start);
        if (bytes.Length < 2)
            return false;

        opcode = (Opcode)(bytes[0] & 0x0F);
        final = (bytes[0] & 0x80) != 0;
        if ((bytes[0] & 0x70) != 0 || !Enum.IsDefined(opcode))
            throw new WireException($"a frame that begins with 0x{bytes[0]:x2}: no such kind, or an extension that was not agreed");
        if ((bytes[1] & 0x80) != 0)
            throw new WireException("a masked frame: only clients mask");

        int header = 2;
        long length = bytes[1];
        if (length == 126)
        {
            header = 4;
            if (bytes.Length < header)
                return false;
            length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        }
        else if (length == 127)
        {
            header = 10;
            if (bytes.Length < header)
                return false;
            length = BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
        }

        if (length is < 0 or > MaxMessageBytes)
            throw new WireException($"a frame of {length} bytes: the longest taken is {MaxMessageBytes}");
        if (bytes.Length - header < length)
            return false;

        payload = bytes.Slice(header, (int)length);
        start += header + (int)length;
        return true;
    }
}

/// <summary>The other side does not speak the protocol. The message says what came.</summary>
sealed class WireException(string message) : IOException(message);
