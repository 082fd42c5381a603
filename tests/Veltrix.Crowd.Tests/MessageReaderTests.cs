using System.Buffers.Binary;
using CsCheck;

namespace Veltrix.Crowd.Tests;

public class MessageReaderTests
{
    static readonly Gen<(Opcode Opcode, byte[] Payload, int Pieces)> AnyMessage = Gen.OneOf(
        Gen.Select(Gen.Const(Opcode.Text), Gen.Byte.Array[0, 300], Gen.Int[1, 4]),
        Gen.Select(Gen.Const(Opcode.Binary), Gen.Byte.Array[100, 140], Gen.Const(1)),
        Gen.Select(Gen.Const(Opcode.Text), Gen.Int[60_000, 70_000].Select(n => new byte[n]), Gen.Int[1, 3]),
        Gen.Select(Gen.OneOf(Gen.Const(Opcode.Ping), Gen.Const(Opcode.Pong), Gen.Const(Opcode.Close)), Gen.Byte.Array[0, 125], Gen.Const(1)));

    [Fact]
    public void Messages_come_out_as_they_went_in_however_the_bytes_are_cut() =>
        Gen.Select(AnyMessage.Array[1, 8], Gen.Int[1, 5000].Array[1, 20]).Sample((messages, cuts) =>
        {
            var stream = messages.SelectMany(m => Frames(m.Opcode, m.Payload, m.Pieces)).ToArray();
            var reader = new MessageReader();
            var read = new List<(Opcode, byte[])>();
            for (int at = 0, cut = 0; at < stream.Length; cut++)
            {
                var free = reader.Free();
                int count = Math.Min(Math.Min(cuts[cut % cuts.Length], free.Length), stream.Length - at);
                stream.AsSpan(at, count).CopyTo(free.Span);
                reader.Received(count);
                at += count;
                while (reader.TryRead(out var message))
                    read.Add((message.Opcode, message.Payload.ToArray()));
            }

            return read.Select(m => m.Item1).SequenceEqual(messages.Select(m => m.Opcode))
                && read.Zip(messages).All(p => p.First.Item2.AsSpan().SequenceEqual(p.Second.Payload));
        }, iter: 300);

    [Fact]
    public void A_control_frame_may_come_between_the_pieces_of_a_message()
    {
        var reader = Fed([0x01, 1, (byte)'a', 0x89, 0, 0x80, 1, (byte)'b']);

        Assert.True(reader.TryRead(out var ping));
        Assert.Equal(Opcode.Ping, ping.Opcode);
        Assert.True(reader.TryRead(out var text));
        Assert.Equal((Opcode.Text, "ab"), (text.Opcode, System.Text.Encoding.UTF8.GetString(text.Payload)));
        Assert.False(reader.TryRead(out _));
    }

    [Theory]
    [InlineData(new byte[] { 0x81, 0x81, 0, 0, 0, 0, 1 }, "masked")]
    [InlineData(new byte[] { 0xC1, 0 }, "extension")]
    [InlineData(new byte[] { 0x83, 0 }, "no such kind")]
    [InlineData(new byte[] { 0x80, 0 }, "continuation of nothing")]
    [InlineData(new byte[] { 0x01, 0, 0x81, 0 }, "inside a fragmented")]
    [InlineData(new byte[] { 0x09, 0 }, "control frames are whole")]
    [InlineData(new byte[] { 0x81, 127, 0, 0, 0, 0, 1, 0, 0, 0 }, "16777216")]
    [InlineData(new byte[] { 0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0 }, "the longest taken is")]
    public void What_no_server_may_send_is_refused_by_name(byte[] bytes, string reason)
    {
        var reader = Fed(bytes);
        var fault = Assert.Throws<WireException>(() => reader.TryRead(out _));
        Assert.Contains(reason, fault.Message);
    }

    [Fact]
    public void A_large_message_does_not_leave_a_large_buffer_behind()
    {
        var reader = new MessageReader();
        byte[] stream = [.. Frames(Opcode.Text, new byte[100_000], 1)];
        for (int at = 0; at < stream.Length;)
        {
            Assert.False(reader.TryRead(out _));
            var free = reader.Free();
            int count = Math.Min(free.Length, stream.Length - at);
            stream.AsSpan(at, count).CopyTo(free.Span);
            reader.Received(count);
            at += count;
        }

        Assert.True(reader.TryRead(out var message));
        Assert.Equal(100_000, message.Payload.Length);
        Assert.Equal(MessageReader.UsualBytes, reader.Free().Length);
    }

    [Fact]
    public void What_a_client_writes_is_masked_and_reads_back() =>
        Gen.Byte.Array[0, 4096].Sample(payload =>
        {
            var frame = new byte[payload.Length + 8];
            int length = LiveConnection.WriteFrame(Opcode.Text, payload, frame);
            int header = payload.Length < 126 ? 2 : 4;
            int stated = payload.Length < 126 ? frame[1] & 0x7F : BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(2));
            var unmasked = frame.AsSpan(header + 4, length - header - 4).ToArray().Select((b, i) => (byte)(b ^ frame[header + (i & 3)]));
            return frame[0] == 0x81 && (frame[1] & 0x80) != 0 && stated == payload.Length && unmasked.SequenceEqual(payload);
        });

    static MessageReader Fed(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessageReader();
        bytes.CopyTo(reader.Free().Span);
        reader.Received(bytes.Length);
        return reader;
    }

    static IEnumerable<byte> Frames(Opcode opcode, byte[] payload, int pieces)
    {
        for (int i = 0; i < pieces; i++)
        {
            int from = payload.Length * i / pieces, to = payload.Length * (i + 1) / pieces;
            byte first = (byte)((i == pieces - 1 ? 0x80 : 0) | (i == 0 ? (byte)opcode : 0));
            foreach (byte b in Frame(first, payload.AsSpan(from, to - from)))
                yield return b;
        }
    }

    static byte[] Frame(byte first, ReadOnlySpan<byte> payload)
    {
        byte[] header = payload.Length switch
        {
            < 126 => [first, (byte)payload.Length],
            <= ushort.MaxValue => [first, 126, (byte)(payload.Length >> 8), (byte)payload.Length],
            _ => [first, 127, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length],
        };
        return [.. header, .. payload];
    }
}
