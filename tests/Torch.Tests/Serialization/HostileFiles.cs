using System.IO.Compression;
using System.Text;

namespace Compat.Torch.Tests.Serialization;

/// <summary>Files that ask for far more than they hold, or for what cannot be. Each has a name and the cause that its refusal gives, or none if it can be read.</summary>
internal static class HostileFiles
{
    private const string TooMuch = "*The file asks for more than * MiB of values*";
    private const string TooDeep = "*nested more than 1000 deep*";
    private const int Times = 40_000;

    public static IReadOnlyDictionary<string, (Func<byte[]> Make, string? Cause)> All { get; } = new Dictionary<string, (Func<byte[]>, string?)>
    {
        ["copies of a set"] = (() => Calls("cbuiltins\nset\n", ManyNumbers), TooMuch),
        ["copies of a frozen set"] = (() => Calls("cbuiltins\nfrozenset\n", ManyNumbers), TooMuch),
        ["copies of a counter"] = (() => Calls("ccollections\nCounter\n", ManyEntries), TooMuch),
        ["counts of a list"] = (() => Calls("ccollections\nCounter\n", ManyNumbers), TooMuch),
        ["copies of an ordered dictionary"] = (() => Calls("ccollections\nOrderedDict\n", ManyEntries), TooMuch),
        ["ordered dictionaries of pairs"] = (() => Calls("ccollections\nOrderedDict\n", ManyPairs), TooMuch),
        ["copies of bytes"] = (() => Calls("c_codecs\nencode\n", pickle => pickle.Add("(").Text(new string('a', 100_000)).Text("latin1").Add("t")), TooMuch),
        ["long members"] = (() => Calls("c__builtin__\ngetattr\n", pickle => pickle.Add("(cmmcv\nHook\n").Text(new string('a', 950)).Add("t")), TooMuch),
        ["arrays of long shapes"] = (() => Arrays(dimensions: 1000), "*a tensor of 1000 dimensions*"),
        ["many arrays"] = (() => Arrays(dimensions: 64), null),
        ["very many arrays"] = (() => Arrays(dimensions: 64, count: 400_000), TooMuch),
        ["very many arrays from buffers"] = (ArraysFromBuffers, TooMuch),
        ["names from long texts"] = (LongNames, "*a name of 2000000 letters*"),
        ["one block for many storages"] = (SharedBlock, "*promises * bytes of storages, but has only * bytes in all*"),
        ["one storage again and again"] = (() => Views(20_000), null),
        ["more views than the file could hold"] = (() => Views(150_000), "*asks for more than * tensors*"),
        ["an integer of a million bytes"] = (() => Zip(new RawPickle().Add("\u008b").Int32(1_000_000).Repeat(1_000_000, "\u0001")), "*an integer of 1000000 bytes*"),
        ["lists that are opened"] = (() => Zip(new RawPickle().Repeat(5_000_000, "]")), TooDeep),
        ["dictionaries that are opened"] = (() => Zip(new RawPickle().Repeat(5_000_000, "}")), TooDeep),
        ["marks"] = (() => Zip(new RawPickle().Repeat(5_000_000, "(")), TooDeep),
        ["lists that are opened after a mark"] = (() => Zip(new RawPickle().Add("(").Repeat(5_000_000, "]")), TooMuch),
        ["dictionaries in a list"] = (() => Zip(new RawPickle().Add("](").Repeat(5_000_000, "}").Add("e")), TooMuch),
        ["empty tuples in a list"] = (() => Zip(new RawPickle().Add("](").Repeat(5_000_000, ")").Add("e")), TooMuch),
        ["memorized again and again"] = (() => Zip(new RawPickle().Add("N").Repeat(5_000_000, "\u0094")), null),
        ["nothing five million times"] = (() => Zip(new RawPickle().Add("]").Repeat(5_000, "(" + new string('N', 1000) + "e")), null),
        ["objects in objects"] = (() => Zip(new RawPickle().Repeat(3000, "cmmcv\nHook\n").Repeat(2999, "b")), TooDeep),
        ["lists that hold the one before twice"] = (() => Zip(Doubling(new RawPickle().Add("]q\0"), "](", "e")), null),
        ["tuples that hold the one before twice, as a key"] = (() => Zip(Doubling(new RawPickle().Add(")q\0"), "(", "t").Add("}h\u003cNs")), "*more than 1000 parts*"),
        ["counts of tuples that hold the one before twice"] =
            (() => Zip(Doubling(new RawPickle().Add(")q\0"), "(", "t").Add("ccollections\nCounter\n(h\u003c\u0085tR")), "*more than 1000 parts*"),
        ["counts of tuples of one item, very deep"] =
            (() => Zip(new RawPickle().Add("ccollections\nCounter\n)").Repeat(200_000, "\u0085").Add("\u0085\u0085R")), "*more than 1000 parts*"),
        ["tuples of one item as a key, very deep"] = (() => Zip(new RawPickle().Add("})").Repeat(5000, "\u0085").Add("Ns")), "*more than 1000 parts*"),
        ["large keys recalled"] = (() => Zip(new RawPickle().Add("(").Repeat(900, "N").Add("tq\0](").Repeat(Times, "}h\0Ns").Add("e")), TooMuch),
        ["floats that have one hash"] = (() => Zip(new RawPickle().Add("}(").Repeat(100_000, (pickle, i) => pickle.Float(((long)i << 32) | (uint)i).Add("N")).Add("u")), null),
        ["numbers that have one bucket"] = (() => Zip(new RawPickle().Add("}(").Repeat(100_000, (pickle, i) => pickle.Int(i * 19_187).Add("N")).Add("u")), null),
        ["a set that grows by one"] = (() => Zip(new RawPickle().Add("\u008f").Repeat(100_000, (pickle, i) => pickle.Add("(").Int(i).Add("\u0090"))), null),
        ["a dictionary that grows by one"] = (() => Zip(new RawPickle().Add("}").Repeat(100_000, (pickle, i) => pickle.Int(i).Add("Ns"))), null),
        ["a state for a mark"] = (() => Zip(new RawPickle().Add("(}b")), "*a mark where a value should be*"),
        ["a state for nothing"] = (() => Zip(new RawPickle().Add("N}b")), "*sets the state of a value that has none*"),
        ["a memorized mark"] = (() => Zip(new RawPickle().Add("(q\0")), "*a mark where a value should be*"),
        ["a list in itself"] = (() => Zip(new RawPickle().Add("]q\0h\0a")), "*contains itself*"),
        ["a text that is longer than the file"] = (() => Zip(new RawPickle().Add("X\u00ff\u00ff\u00ff\u007fa")), "*a value of 2147483647 bytes, of which * are left*"),
        ["a tensor of a tensor without dimensions"] = (TensorOfTensor, "*not over a storage*"),
        ["a repeated element"] = (() => Tensor("J\u00ff\u00ff\u00ff\u007f", "K\0"), "*do not fit*"),
        ["sizes whose product wraps"] = (() => Tensor("\u008a\u0008\0\0\0\0\0\0\0\u0040", "\u008a\u0008\0\0\0\0\0\0\0\u0040"), "*do not fit*"),
        ["an entry that is compressed"] = (Compressed, "*is compressed, which torch.save never does*"),
        ["two entries of one name"] = (TwoOfOneName, "*two entries named 'archive/data.pkl'*"),
    };

    private static byte[] Zip(RawPickle pickle) => RawZip.Pth(pickle.End());

    private static void ManyNumbers(RawPickle pickle) => pickle.Add("](").Repeat(1000, (more, i) => more.Int(i)).Add("e\u0085");

    private static void ManyEntries(RawPickle pickle) => pickle.Add("}(").Repeat(1000, (more, i) => more.Int(i).Add("K\u0001")).Add("u\u0085");

    private static void ManyPairs(RawPickle pickle) => pickle.Add("](").Repeat(1000, (more, i) => more.Int(i).Add("K\u0001\u0086")).Add("e\u0085");

    // A name and its arguments, memorized, and then called in a list again and again: 5 bytes for a call.
    private static byte[] Calls(string name, Action<RawPickle> arguments)
    {
        RawPickle pickle = new RawPickle().Add($"{name}q\0");
        arguments(pickle);
        return Zip(pickle.Add("q\u00010](").Repeat(Times, "h\0h\u0001R").Add("e"));
    }

    private static byte[] Arrays(int dimensions, int count = 10_000)
    {
        RawPickle pickle = new RawPickle().Add("cnumpy.core.multiarray\n_reconstruct\nq\0(K\u0001(").Repeat(dimensions, "K\u0001").Add("tcnumpy\ndtype\n").Text("i1").Add("\u0085R\u0089C\u0001xtq\u0001");
        return Zip(pickle.Add("00](").Repeat(count, "h\0)Rh\u0001b").Add("e"));
    }

    private static byte[] ArraysFromBuffers()
    {
        RawPickle pickle = new RawPickle().Add("cnumpy.core.numeric\n_frombuffer\nq\0(C\u0001xcnumpy\ndtype\n").Text("i1").Add("\u0085R(").Repeat(64, "K\u0001").Add("t").Text("C").Add("tq\u0001");
        return Zip(pickle.Add("00](").Repeat(400_000, "h\0h\u0001R").Add("e"));
    }

    private static byte[] LongNames()
    {
        RawPickle pickle = new RawPickle().Text(new string('a', 1_000_000)).Add("q\0");
        return Zip(pickle.Repeat(1000, "h\0h\0\u0093"));
    }

    private static byte[] SharedBlock()
    {
        byte[] block = new byte[1 << 20];
        RawZip zip = new();
        uint place = zip.Add("archive/data/0", block);
        for (int i = 1; i < 4000; i++)
        {
            zip.AddName($"archive/data/{i}", block, place);
        }

        zip.Add("archive/data.pkl", new RawPickle().Add("](").Repeat(4000, (pickle, i) => pickle.Storage(i, block.Length / 4)).Add("e").End());
        return zip.ToArray();
    }

    private static byte[] Views(int count)
    {
        RawPickle pickle = new RawPickle().Add("ctorch._utils\n_rebuild_tensor_v2\nq\0(").Storage(0, 4).Add("K\0K\u0004\u0085K\u0001\u0085\u0089Ntq\u0001](");
        return RawZip.Pth(pickle.Repeat(count, "h\0h\u0001R").Add("e").End(), new byte[16]);
    }

    private static byte[] TensorOfTensor()
    {
        RawPickle pickle = new RawPickle().Add("ctorch._utils\n_rebuild_tensor_v2\nq\0h\0(").Storage(0, 1).Add("K\0))\u0089NtR");
        return RawZip.Pth(new RawPickle().Add(Encoding.Latin1.GetString(pickle.Add("q\u0001h\0(h\u0001K\0))\u0089NtR").End()[..^1])).End(), new byte[4]);
    }

    private static byte[] Tensor(string size, string stride) =>
        RawZip.Pth(new RawPickle().Add("ctorch._utils\n_rebuild_tensor_v2\n(").Storage(0, 1).Add($"K\0({size}t({stride}t\u0089NtR").End(), new byte[4]);

    private static RawPickle Doubling(RawPickle pickle, string open, string close) =>
        pickle.Repeat(60, (more, level) => more.Add($"{open}h{(char)level}h{(char)level}{close}q{(char)(level + 1)}"));

    private static byte[] Compressed()
    {
        using MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using Stream target = archive.CreateEntry("archive/data.pkl", CompressionLevel.Optimal).Open();
            target.Write(new RawPickle().Add("](").Repeat(10_000_000, "N").Add("e").End());
        }

        return stream.ToArray();
    }

    private static byte[] TwoOfOneName()
    {
        RawZip zip = new();
        zip.Add("archive/data.pkl", new RawPickle().Add("N").End());
        zip.Add("archive/data.pkl", new RawPickle().Add("]").End());
        return zip.ToArray();
    }
}
