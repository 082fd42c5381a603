using System.Text;
using Veltrix.Server.Ledgers;
using Veltrix.Server.Tests.Scoring;
using Veltrix.Hunts;

namespace Veltrix.Server.Tests.Ledgers;

/// <summary>A file that is not whole is refused, and the refusal says where.</summary>
public class LedgerFileTests
{
    [Fact]
    public async Task A_protobuf_export_that_was_cut_anywhere_is_refused()
    {
        await using var here = new Installation();
        var (path, bytes) = await Exported(here, LedgerForm.Protobuf);
        for (var length = 0; length < bytes.Length; length++)
        {
            await File.WriteAllBytesAsync(path, bytes[..length], TestContext.Current.CancellationToken);
            Assert.Throws<LedgerFileException>(() => ReadAll(path));
        }
    }

    [Fact]
    public async Task A_protobuf_export_with_one_wrong_byte_anywhere_is_refused()
    {
        await using var here = new Installation();
        var (path, bytes) = await Exported(here, LedgerForm.Protobuf);
        for (var at = 0; at < bytes.Length; at++)
        {
            var wrong = (byte[])bytes.Clone();
            wrong[at] ^= (byte)(1 << at % 8);
            await File.WriteAllBytesAsync(path, wrong, TestContext.Current.CancellationToken);
            Assert.Throws<LedgerFileException>(() => ReadAll(path));
        }
    }

    [Fact]
    public async Task A_damaged_line_is_named()
    {
        await using var here = new Installation();
        var (path, bytes) = await Exported(here, LedgerForm.Ndjson);
        var lines = Encoding.UTF8.GetString(bytes).TrimEnd('\n').Split('\n');

        Assert.Contains("line 3", Refused([.. lines[..2], lines[2].Replace("\"facts\"", "\"fcats\""), .. lines[3..]]));
        Assert.Contains("line 3", Refused([.. lines[..2], lines[2][..20], .. lines[3..]]));
        Assert.Contains("line 2: the fact 'TeamSplit' is none", Refused([lines[0], lines[1].Replace("\"fact\":\"HuntOpened\"", "\"fact\":\"TeamSplit\""), .. lines[2..]]));
        Assert.Contains("member 'colour'", Refused([lines[0], lines[1].Replace("\"fact\":\"HuntOpened\"", "\"fact\":\"HuntOpened\",\"colour\":\"red\""), .. lines[2..]]));
        Assert.Contains("record 4", Refused([.. lines[..3], .. lines[4..]]));
        Assert.Contains("its end was cut off", Refused(lines[..^1]));
        Assert.Contains("line 1", Refused(lines[1..]));
        Assert.Contains("empty", Refused([]));

        string Refused(string[] changed)
        {
            File.WriteAllText(path, string.Concat(changed.Select(line => line + "\n")));
            return Assert.Throws<LedgerFileException>(() => ReadAll(path)).Message;
        }
    }

    [Theory, InlineData(LedgerForm.Ndjson), InlineData(LedgerForm.Protobuf)]
    public async Task A_newer_format_is_refused_with_the_version_that_wrote_it(LedgerForm form)
    {
        await using var here = new Installation();
        var (path, bytes) = await Exported(here, form);
        if (form == LedgerForm.Ndjson)
            await File.WriteAllTextAsync(path, Encoding.UTF8.GetString(bytes).Replace("\"export\":{\"version\":1", "\"export\":{\"version\":2"), TestContext.Current.CancellationToken);
        else
        {
            // Header: format (tag, 14 bytes), then version (tag 0x10, varint).
            var at = bytes.AsSpan().IndexOf("veltrix-ledger\u0010"u8) + "veltrix-ledger".Length + 1;
            bytes[at] = 2;
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        }

        var refused = Assert.Throws<LedgerFileException>(() => ReadAll(path));

        Assert.Contains("format version 2", refused.Message);
        Assert.Contains(LedgerExport.Program, refused.Remedy);
    }

    static async Task<(string Path, byte[] Bytes)> Exported(Installation here, LedgerForm form)
    {
        var challenge = new Command.Submit("a", "no");
        await here.Write("game", Games.Ledger(
        [
            .. Games.Begin, (1, Envelope.Of(new CommandId("h1", "i", 1), new Command.Join("Ann", new TeamChoice.Alone()))), (2, Envelope.Of(new CommandId("h1", "i", 2), challenge)),
            (3, Envelope.Of(new CommandId("h1", "i", 3), challenge)), (4, Envelope.Of(new CommandId("h1", "i", 4), challenge)),
        ]).Select(entry => entry.Record));
        var path = await here.Export("game", form);
        return (path, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    static int ReadAll(string path)
    {
        using var file = LedgerFile.Open(path);
        return file.Records.Count();
    }
}
