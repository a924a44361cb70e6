using System.Numerics;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Serialization;

/// <summary>What Python makes of odd pickles, ours makes too; what it refuses, so do we. The answers are those of Python 3.11 with torch 1.13.</summary>
public sealed class PickleReaderTests
{
    private const string OrderedDict = "ccollections\nOrderedDict\n";
    private const string Counter = "ccollections\nCounter\n";
    private const string A = "X\u0001\0\0\0a";
    private const string B = "X\u0001\0\0\0b";

    [Theory]
    [InlineData($"{OrderedDict}](]({A}K\u0001e]({B}K\u0002ee\u0085R", "OrderedDict(a: 1, b: 2)")]
    [InlineData($"{OrderedDict}](({A}K\u0001t({A}K\u0002te\u0085R", "OrderedDict(a: 2)")]
    [InlineData($"{OrderedDict})R", "OrderedDict()")]
    [InlineData($"{Counter}}}({A}K\u0003{B}K\u0001u\u0085R", "Counter(a: 3, b: 1)")]
    [InlineData($"{Counter}]({A}{B}{A}e\u0085R", "Counter(a: 2, b: 1)")]
    [InlineData($"{Counter}](({A}K\u0002te\u0085R", "Counter((a, 2): 1)")]
    [InlineData($"{Counter}N\u0085R", "Counter()")]
    [InlineData("cbuiltins\nset\n](K\u0001\u0088K\u0001e\u0085R", "Set(1)")]
    [InlineData("\u008f(K\u0001\u0088K\u0002\u0090", "Set(1, 2)")]
    [InlineData("c__builtin__\nbytes\n)R", "Bytes()")]
    [InlineData("c_codecs\nencode\nX\u0002\0\0\0\u00c3\u00bcX\u0006\0\0\0latin1\u0086R", "Bytes(fc)")]
    [InlineData($"}}({A}K\u0001{B}K\u0002{A}K\u0003u", "Dict(a: 3, b: 2)")]
    [InlineData("}(K\u0001K\u0005\u0088K\u0006G\u003f\u00f0\0\0\0\0\0\0K\u0007u", "Dict(1: 7)")]
    [InlineData("}(G\u007f\u00f8\0\0\0\0\0\0K\u0005G\u007f\u00f8\0\0\0\0\0\0K\u0007u", "Dict(NaN: 5, NaN: 7)")]
    [InlineData("}(K\u0001\u0085K\u0005\u0088\u0085K\u0006u", "Dict((1): 6)")]
    [InlineData("(0N", "None")]
    [InlineData("X\u0003\0\0\0\u00ed\u00a0\u0080", "<d800>")]
    [InlineData("X\u0005\0\0\0\u00c3\u00bc\u00ed\u00b0\u0080", "ü<dc00>")]
    [InlineData("X\u0004\0\0\0\u00ef\u00bb\u00bfa", "\ufeffa")]
    [InlineData("U\u0002\u00c3\u00bc", "ü")]
    public void An_odd_pickle_is_what_Python_makes_of_it(string pickle, string expected)
    {
        using PthFile file = Read(pickle);

        Show(file.Root).Should().Be(expected);
    }

    [Theory]
    [InlineData($"{OrderedDict}](X\u0002\0\0\0abe\u0085R", "The file calls 'collections.OrderedDict' with 1 arguments of kinds that it does not take. It is damaged.")]
    [InlineData($"{OrderedDict}]]\u0086R", "The file calls 'collections.OrderedDict' with 2 arguments*")]
    [InlineData($"{OrderedDict}N\u0085R", "The file calls 'collections.OrderedDict' with 1 arguments*")]
    [InlineData($"{Counter}](]e\u0085R", "A dictionary or set has a list as a key, which Python cannot hold*")]
    [InlineData($"cbuiltins\nset\n{A}\u0085R", "The file calls 'builtins.set' with 1 arguments*")]
    [InlineData("cbuiltins\nset\n](}e\u0085R", "A dictionary or set has a dictionary as a key*")]
    [InlineData("}(]K\u0005u", "A dictionary or set has a list as a key, which Python cannot hold*")]
    [InlineData("}(]\u0085K\u0005u", "A dictionary or set has a list as a key, which Python cannot hold*")]
    [InlineData("c_codecs\nencode\nX\u0003\0\0\0\u20acX\u0006\0\0\0latin1\u0086R", "The file calls '_codecs.encode' with 2 arguments*")]
    [InlineData("X\u0002\0\0\0\u00ff\u00fe", "The file is damaged: its pickle has a text that is not UTF-8*")]
    [InlineData("X\u0002\0\0\0\u00c0\u0080", "The file is damaged: its pickle has a text that is not UTF-8*")]
    [InlineData("X\u0006\0\0\0\u00ed\u00a0\u0080\u00ed\u00b0\u0080", "*both halves of a surrogate pair apart*")]
    [InlineData("U\u0001\u00ff", "The file has a text of Python 2 that is not UTF-8. Load it in Python with encoding='latin1' and save it again.")]
    [InlineData("U\u0003\u00ed\u00a0\u0080", "The file has a text of Python 2 that is not UTF-8*")]
    [InlineData("]}b", "The file sets the state of a value that has none*")]
    [InlineData("(}b", "*a mark where a value should be*")]
    [InlineData("cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\u0002\0\0\0i8\u0085RC\u0003abc\u0086R", "The file has a numpy array of shape [] with 0 elements*")]
    public void What_Python_refuses_is_refused_by_name(string pickle, string message)
    {
        Action read = () => Read(pickle.Replace("\u20ac", "\u00e2\u0082\u00ac", StringComparison.Ordinal));

        read.Should().Throw<PthException>().WithMessage($"The stream cannot be read. {message}");
    }

    [Fact]
    public void A_state_for_a_mark_changes_nothing_for_other_files()
    {
        Action read = () => Read("(}b");
        read.Should().Throw<PthException>();

        using PthFile file = Read("cmmcv\nHook\n");

        ((PthObject)file.Root).State.Should().BeNull();
    }

    [Fact]
    public void Flags_of_conjugated_and_negated_views_count()
    {
        using DisposeScope scope = NewDisposeScope();
        const string Rebuild = "ctorch._utils\n_rebuild_tensor_v2\n(";
        byte[] complex = new RawPickle().Add($"]({Rebuild}").Storage(0, 1, "ComplexFloatStorage").Add("K\0K\u0001\u0085K\u0001\u0085\u0089N}").Text("conj").Add("\u0088stR")
            .Add(Rebuild).Storage(1, 2).Add("K\0K\u0002\u0085K\u0001\u0085\u0089N}").Text("neg").Add("\u0088stR")
            .Add(Rebuild).Storage(1, 2).Add("K\0K\u0002\u0085K\u0001\u0085\u0089NtRe").End();
        using MemoryStream stream = new(RawZip.Pth(complex, [.. Floats(1, 2)], [.. Floats(3, 4)]));

        using PthFile file = PthFile.Read(stream);

        PthSequence root = (PthSequence)file.Root;
        view_as_real(((PthTensor)root.Items[0]).Value.resolve_conj()).data<float>().ToArray().Should().Equal(1, -2);
        Tensor negated = ((PthTensor)root.Items[1]).Value;
        negated.resolve_neg().data<float>().ToArray().Should().Equal(-3, -4);
        ((PthTensor)root.Items[2]).Value[0] = 10f;
        negated.resolve_neg().data<float>().ToArray().Should().Equal([-10, -4], "they show one storage");
    }

    [Fact]
    public void A_storage_that_the_older_format_never_fills_is_refused()
    {
        byte[] magic = new RawPickle().Add("\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019").End();
        byte[] root = new RawPickle().Add("\u0080\u0002ctorch._utils\n_rebuild_tensor_v2\n(").Storage(0, 2).Add("K\0K\u0002\u0085K\u0001\u0085\u0089NtR").End();
        byte[] start = [.. magic, .. new RawPickle().Add("M\u00e9\u0003").End(), .. new RawPickle().Add("}").End(), .. root];
        using MemoryStream filled = new([.. start, .. new RawPickle().Add("]").Text("0").Add("a").End(), .. BitConverter.GetBytes(2L), .. Floats(1, 2)]);
        using MemoryStream empty = new([.. start, .. new RawPickle().Add("]").End(), .. new byte[20]]);
        Action read = () => PthFile.Read(empty);

        using PthFile file = PthFile.Read(filled);

        ((PthTensor)file.Root).Value.data<float>().ToArray().Should().Equal(1, 2);
        read.Should().Throw<PthException>().WithMessage("*The file lacks the data of storage '0'. It was cut off: copy it again.");
    }

    [Fact]
    public void A_storage_of_two_types_is_refused()
    {
        using MemoryStream stream = new(RawZip.Pth(new RawPickle().Add("](").Storage(0, 1).Storage(0, 1, "IntStorage").Add("e").End(), new byte[4]));
        Action read = () => PthFile.Read(stream);

        read.Should().Throw<PthException>().WithMessage("*says of storage '0' that it has 1 elements of FloatStorage, and again that it has 1 of IntStorage*");
    }

    [Theory]
    [InlineData("little", true)]
    [InlineData("big", false)]
    public void A_big_endian_file_is_refused(string order, bool isRead)
    {
        RawZip zip = new();
        zip.Add("archive/data.pkl", new RawPickle().Add("N").End());
        zip.Add("archive/byteorder", System.Text.Encoding.ASCII.GetBytes(order));
        Action read = () => PthFile.Read(new MemoryStream(zip.ToArray())).Dispose();

        if (isRead)
        {
            read.Should().NotThrow();
        }
        else
        {
            read.Should().Throw<PthException>().WithMessage("*big-endian*");
        }
    }

    [Fact]
    public void Integers_of_4300_digits_are_read_and_larger_ones_refused()
    {
        Action read = () => Read($"\u008b\u00fb\u0006\0\0{new string('\u0001', 1787)}");

        using PthFile file = Read($"\u008b\u00fa\u0006\0\0{new string('\u0001', 1786)}");

        ((PthInteger)file.Root).Value.Should().BeGreaterThan(BigInteger.Pow(10, 4200));
        read.Should().Throw<PthException>().WithMessage("*an integer of 1787 bytes, more than 4,300 digits*");
    }

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static PthFile Read(string pickle)
    {
        using MemoryStream stream = new(RawZip.Pth(new RawPickle().Add(pickle).End()));
        return PthFile.Read(stream);
    }

    private static string Show(PthValue value) => value switch
    {
        PthNone => "None",
        PthText text => string.Concat(text.Value.Select(letter => char.IsSurrogate(letter) ? $"<{(int)letter:x}>" : $"{letter}")),
        PthInteger number => $"{number.Value}",
        PthFloat number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        PthBytes bytes => $"Bytes({Convert.ToHexStringLower(bytes.Value.Span)})",
        PthDict dict => $"{dict.Kind}({string.Join(", ", dict.Select(entry => $"{Show(entry.Key)}: {Show(entry.Value)}"))})",
        PthSequence { Kind: PthSequenceKind.Tuple } tuple => $"({string.Join(", ", tuple.Items.Select(Show))})",
        PthSequence sequence => $"{sequence.Kind}({string.Join(", ", sequence.Items.Select(Show))})",
        _ => value.ToString(),
    };
}
