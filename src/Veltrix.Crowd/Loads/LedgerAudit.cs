using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>
/// What was acknowledged, held against what the ledger says: a receipt without a record is lost, a command in two records is doubled.
/// </summary>
/// <remarks>A few bits per command, so that an hour's run fits. <see cref="Acknowledged"/> may be called from any thread; the rest after the run.</remarks>
sealed class LedgerAudit
{
    readonly Lock gate = new();
    readonly Dictionary<string, Commands> byIssuer = new(StringComparer.Ordinal);

    public long Doubled { get; private set; }

    public long Lost => byIssuer.Values.Sum(c => c.Acknowledged.CountAbsentFrom(c.Recorded));

    /// <summary>These are ours: commands of this hunter and instance are audited.</summary>
    public void Expect(string hunter, string instance)
    {
        lock (gate)
            byIssuer[$"{hunter}.{instance}"] = new Commands();
    }

    public void Acknowledged(string hunter, string instance, int seq)
    {
        lock (gate)
            byIssuer[$"{hunter}.{instance}"].Acknowledged.Add(seq);
    }

    /// <summary>
    /// Reads a ledger to its end. A server that goes away meanwhile is no verdict on what it has written: it, or the next one, is asked again from the beginning.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was not read to its end in time; the last fault is within.</exception>
    public async Task Read(Func<CancellationToken, IAsyncEnumerable<string>> ledger, TimeSpan pause, CancellationToken cancel)
    {
        Exception? last = null;
        try
        {
            while (true)
            {
                foreach (var commands in byIssuer.Values)
                    commands.Recorded.Clear();
                Doubled = 0;
                try
                {
                    await foreach (string line in ledger(cancel))
                        Record(line);
                    return;
                }
                catch (Exception e) when (e is HttpRequestException or IOException or HttpRefusedException { MayRetry: true })
                {
                    last = e;
                    await Task.Delay(pause, cancel);
                }
            }
        }
        catch (OperationCanceledException) when (last is not null)
        {
            throw new OperationCanceledException(last.Message, last, cancel);
        }
    }

    /// <summary>Takes one line of the ledger.</summary>
    /// <exception cref="WireException">It is no record.</exception>
    public void Record(string line)
    {
        if (CommandOf(line) is not { } id)
            return;
        int dot = id.LastIndexOf('.');
        if (dot < 0 || !byIssuer.TryGetValue(id[..dot], out var commands)
            || !int.TryParse(id.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int seq))
            return;
        if (!commands.Recorded.Add(seq))
            Doubled++;
    }

    /// <summary>The command's id, or null for a record that answers no command (a scorer took over, a heartbeat).</summary>
    static string? CommandOf(string line)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(line));
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new WireException($"a line of the ledger that is no record: {line}");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isCommand = reader.ValueTextEquals("command"u8);
                reader.Read();
                if (!isCommand || reader.TokenType != JsonTokenType.StartObject)
                {
                    reader.Skip();
                    continue;
                }

                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    bool isId = reader.ValueTextEquals("id"u8);
                    reader.Read();
                    if (isId)
                        return reader.GetString();
                    reader.Skip();
                }
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new WireException($"a line of the ledger that is no record ({e.Message}): {line}");
        }
    }

    sealed class Commands
    {
        public Bits Acknowledged { get; } = new();

        public Bits Recorded { get; } = new();
    }

    sealed class Bits
    {
        ulong[] words = new ulong[1];

        /// <summary>False if it was there.</summary>
        public bool Add(int n)
        {
            int word = n >> 6;
            if (word >= words.Length)
                Array.Resize(ref words, Math.Max(word + 1, words.Length * 2));
            ulong bit = 1UL << (n & 63);
            bool added = (words[word] & bit) == 0;
            words[word] |= bit;
            return added;
        }

        public void Clear() => Array.Clear(words);

        public long CountAbsentFrom(Bits other)
        {
            long count = 0;
            for (int i = 0; i < words.Length; i++)
                count += System.Numerics.BitOperations.PopCount(words[i] & ~(i < other.words.Length ? other.words[i] : 0));
            return count;
        }
    }
}
