using System.Security.Cryptography;
using Google.Protobuf;
using Veltrix.Server.Scoring;
using Proto = Veltrix.Wire.Export;

namespace Veltrix.Server.Ledgers;

/// <summary>The form for keeping (<c>export.proto</c>): frames behind their lengths, a header first, a trailer with the number of records and a SHA-256 last.</summary>
static class ProtobufLedger
{
    const string Format = "veltrix-ledger";

    // The name stands behind three tags and three lengths, of which two may take two bytes.
    const int FormatWithin = 20;

    /// <summary>More than a log takes in a record.</summary>
    const int FrameBytesMax = 8 << 20;

    public static Proto.Header ToWire(ExportHeader header) => new()
    {
        Format = Format, Version = header.Version, Hunt = header.Hunt, Program = header.Program, Position = header.Position, TimeMs = header.TimeMs, After = header.After,
    };

    public static bool IsAtStartOf(Stream stream)
    {
        var start = new byte[FormatWithin];
        var read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return start.AsSpan(0, read).IndexOf("veltrix-ledger"u8) > 0;
    }

    public sealed class Writer(Stream output) : ILedgerWriter
    {
        readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long records;

        public void Begin(ExportHeader header) => Write(new Proto.Frame { Header = ToWire(header) });

        public void Add(Exported record)
        {
            records++;
            Write(new Proto.Frame { Record = new() { Position = record.Position, Decided = LedgerCodec.ToWire(record.Decided) } });
        }

        public void End() => Write(new Proto.Frame { Trailer = new() { Records = records, Sha256 = ByteString.CopyFrom(hash.GetCurrentHash()) } });

        void Write(Proto.Frame frame)
        {
            var bytes = new byte[CodedOutputStream.ComputeMessageSize(frame)];
            using (var coded = new CodedOutputStream(bytes)) coded.WriteMessage(frame);
            hash.AppendData(bytes);
            output.Write(bytes);
        }

        public void Dispose() => hash.Dispose();
    }

    public static (ExportHeader Header, IEnumerable<Exported> Records) Read(Stream stream, string path)
    {
        var frames = new Frames(stream, path);
        if (frames.Next() is not { Header: { Format: Format } header }) throw frames.Damaged("the first frame is no header");
        LedgerFile.CheckVersion(path, header.Version, header.Program);
        return (new ExportHeader(header.Version, header.Hunt, header.Program, header.Position, header.TimeMs, header.After), Records(frames));
    }

    static IEnumerable<Exported> Records(Frames frames)
    {
        using var hashed = frames;
        while (true)
            switch (frames.Next())
            {
                case { Record: { Decided: not null } record }:
                    yield return new Exported(record.Position, frames.Understand(record.Decided));
                    break;
                case { Trailer: { } trailer }:
                    if (trailer.Records != frames.Records || !trailer.Sha256.Span.SequenceEqual(frames.Digest())) throw frames.Damaged("its checksum is not that of what lies before");
                    frames.ExpectEnd();
                    yield break;
                default:
                    throw frames.Damaged("it is neither a record nor the last frame");
            }
    }

    sealed class Frames(Stream stream, string path) : IDisposable
    {
        readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[4096];
        int unhashed;
        long at;
        long number = -1;

        /// <summary>Records given so far; the header was frame 0.</summary>
        public long Records => number - 1;

        /// <summary>Of all frames before the one given last: that one is hashed when the next is asked for.</summary>
        public byte[] Digest() => hash.GetCurrentHash();

        public Proto.Frame Next()
        {
            hash.AppendData(buffer, 0, unhashed);
            number++;
            var (length, prefix) = (0L, 0);
            for (var shift = 0; ; shift += 7)
            {
                var next = stream.ReadByte();
                if (next < 0)
                    throw new LedgerFileException($"{path} ends at byte {at}, after {number} frames, without its last one: it was cut off.", "Export the hunt again, or take another backup.");
                buffer[prefix++] = (byte)next;
                length |= (long)(next & 0x7F) << shift;
                if (next < 0x80) break;
                if (prefix == 5) throw Damaged("it has no length");
            }

            if (length is 0 or > FrameBytesMax) throw Damaged($"it claims a length of {length:N0} bytes");
            var size = prefix + (int)length;
            if (buffer.Length < size) Array.Resize(ref buffer, Math.Max(size, 2 * buffer.Length));
            var read = stream.ReadAtLeast(buffer.AsSpan(prefix, (int)length), (int)length, throwOnEndOfStream: false);
            if (read < length)
                throw new LedgerFileException($"{path} ends at byte {at + prefix + read}, in the middle of frame {number}: it was cut off.", "Export the hunt again, or take another backup.");
            try
            {
                var frame = Proto.Frame.Parser.ParseFrom(buffer, prefix, (int)length);
                unhashed = size;
                at += size;
                return frame;
            }
            catch (InvalidProtocolBufferException error)
            {
                throw Damaged("it cannot be read", error);
            }
        }

        /// <summary>The decision, if nothing in it is unknown to this version.</summary>
        public Hunts.LedgerRecord.Decided Understand(Veltrix.Wire.Ledger.Decided wire)
        {
            try
            {
                var decided = LedgerCodec.FromWire(wire);
                return LedgerCodec.ToWire(decided).Equals(wire) ? decided : throw new InvalidDataException("a fact has a member that this version does not know");
            }
            catch (InvalidDataException error)
            {
                throw new LedgerFileException($"{path}, record {number}: {error.Message}.", "Import it with the version that wrote it, or a newer one.", error);
            }
        }

        public void ExpectEnd()
        {
            if (stream.ReadByte() >= 0) throw new LedgerFileException($"{path} goes on after its last frame, at byte {at}.", "Take the file as it was exported.");
        }

        public LedgerFileException Damaged(string what, Exception? inner = null) =>
            new($"{path}, frame {number} at byte {at}: {what}.", "The file is damaged: export the hunt again, or take another backup.", inner);

        public void Dispose() => hash.Dispose();
    }
}
