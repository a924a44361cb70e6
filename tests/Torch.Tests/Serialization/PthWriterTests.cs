using System.Diagnostics.CodeAnalysis;
using Compat.TestSupport;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Serialization;

public sealed class PthWriterTests
{
    [SuppressMessage("Performance", "CA1861", Justification = "The rows are read once.")]
    public static TheoryData<string, PthValue[], string> BadKeys => new()
    {
        { "a list", [PthSequence.List(1)], "A dictionary or set has a list as a key, which Python cannot hold. Use a text, a number or a tuple of these." },
        { "a dictionary", [new PthDict()], "A dictionary or set has a dictionary as a key, which Python cannot hold. Use a text, a number or a tuple of these." },
        { "a tuple with a list", [PthSequence.Tuple(PthSequence.List())], "A dictionary or set has a list as a key, which Python cannot hold. Use a text, a number or a tuple of these." },
        { "1 and True", [1, true], "A dictionary has the keys 1 and True, which are one key in Python, so one entry would be lost. Keep one of them." },
        { "1.0 and 1", [1.0, 1], "A dictionary has the keys 1.0 and 1, which are one key in Python, so one entry would be lost. Keep one of them." },
        { "equal tuples", [PthSequence.Tuple(1), PthSequence.Tuple(1.0)], "A dictionary has the keys a tuple and a tuple, which are one key in Python*" },
        { "half a surrogate pair", ["a\ud800"], "A text has half of a surrogate pair at position 1, which is no character and no UTF-8, so it is not written. Write whole characters." },
        { "a set", [new PthSequence(PthSequenceKind.Set)], "The value holds a set, which is not written*" },
    };

    [Theory]
    [MemberData(nameof(BadKeys))]
    public void A_key_that_Python_cannot_hold_is_refused_before_anything_is_written(string name, PthValue[] keys, string message)
    {
        PthDict dict = [];
        foreach (PthValue key in keys)
        {
            dict.Set(key, PthNone.Value);
        }

        dict.Count.Should().Be(keys.Length, name);
        IsRefused(dict, message);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_in_a_value_too() => IsRefused(PthSequence.List("\udc00"), "A text has half of a surrogate pair at position 0*");

    [Fact]
    public void A_tensor_that_repeats_its_elements_too_often_to_be_read_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using MemoryStream stream = new();
        PthFile.Write(stream, new PthTensor(zeros(1).expand(1_000_000)));
        stream.Position = 0;
        using PthFile file = PthFile.Read(stream);
        ((PthTensor)file.Root).Value.shape.Should().Equal(1_000_000);

        IsRefused(
            new PthTensor(zeros(1).expand(1_000_001)),
            "A tensor of shape [1000001] shows 1 elements over and over; each may be shown 1000000 times. Write tensor.contiguous().");
    }

    [Fact]
    public void A_sparse_tensor_is_refused_before_anything_is_written()
    {
        using DisposeScope scope = NewDisposeScope();

        IsRefused(new PthTensor(eye(2).to_sparse()), "A sparse tensor of shape [2, 2] cannot be written. Write tensor.to_dense().");
    }

    [Fact]
    public void Two_types_of_one_memory_are_refused_before_anything_is_written()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor c = complex(ones(2), ones(2));

        IsRefused(PthSequence.List(new PthTensor(c), new PthTensor(view_as_real(c))), "Tensors of the types ComplexFloat32 and Float32 show the same memory*Write one of them, or clone the other.");
    }

    [PythonFact]
    public void Python_reads_conjugated_and_negated_views_with_their_signs()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        Tensor c = complex(tensor(new[] { 1f, 2 }), tensor(new[] { 3f, 4 }));
        PthFile.Write(folder.File("a.pth"), PthSequence.List(new PthTensor(c), new PthTensor(c.conj()), new PthTensor(c.conj().imag), new PthTensor(c.conj().conj())));

        string printed = PythonFactAttribute.Run("import sys, torch; print([t.tolist() for t in torch.load(sys.argv[1])])", folder.File("a.pth"));

        printed.Trim().Should().Be("[[(1+3j), (2+4j)], [(1-3j), (2-4j)], [-3.0, -4.0], [(1+3j), (2+4j)]]");
    }

    [Fact]
    public void View_as_real_alone_is_written()
    {
        using DisposeScope scope = NewDisposeScope();
        using MemoryStream stream = new();
        PthFile.Write(stream, new PthTensor(view_as_real(complex(ones(2), zeros(2)))));
        stream.Position = 0;

        using PthFile file = PthFile.Read(stream);

        ((PthTensor)file.Root).Value.data<float>().ToArray().Should().Equal(1, 0, 1, 0);
    }

    [Fact]
    public void Twenty_thousand_empty_tensors_keep_their_types()
    {
        using DisposeScope scope = NewDisposeScope();
        ScalarType[] types = [ScalarType.Float32, ScalarType.Int64, ScalarType.Bool, ScalarType.Float64];
        using MemoryStream stream = new();
        PthFile.Write(stream, PthSequence.List(Enumerable.Range(0, 20_000).Select(i => new PthTensor(empty([0, i % 7], types[i % 4])))));
        stream.Position = 0;

        using PthFile file = PthFile.Read(stream);

        IReadOnlyList<PthValue> items = ((PthSequence)file.Root).Items;
        items.Should().HaveCount(20_000);
        items.Where((item, i) => ((PthTensor)item).Value.dtype != types[i % 4] || ((PthTensor)item).Value.shape[1] != i % 7).Should().BeEmpty();
    }

    [PythonFact]
    public void What_is_one_object_here_is_one_object_in_Python_and_again_here()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        PthSequence list = PthSequence.List(1, "one");
        PthDict dict = new(PthDictKind.OrderedDict) { ["list"] = list };
        PthSequence tuple = PthSequence.Tuple(list, dict);
        PthTensor weight = new(ones(2));
        PthFile.Write(folder.File("a.pth"), PthSequence.List(list, dict, tuple, weight, list, dict, tuple, weight, PthSequence.List(1, "one")));

        string printed = PythonFactAttribute.Run(
            """
            import sys, torch
            r = torch.load(sys.argv[1])
            print([r[i] is r[i + 4] for i in range(4)], r[1]['list'] is r[0], r[2][0] is r[0], r[8] == r[0] and r[8] is not r[0])
            torch.save(r, sys.argv[2])
            """,
            folder.File("a.pth"),
            folder.File("b.pth"));
        using PthFile file = PthFile.Read(folder.File("b.pth"));
        IReadOnlyList<PthValue> items = ((PthSequence)file.Root).Items;

        printed.Trim().Should().Be("[True, True, True, True] True True True");
        items.Take(4).Zip(items.Skip(4)).Should().OnlyContain(pair => ReferenceEquals(pair.First, pair.Second));
        items[8].Should().NotBeSameAs(items[0]);
    }

    private static void IsRefused(PthValue value, string message)
    {
        using TemporaryFolder folder = new();
        using MemoryStream stream = new();
        Action writeFile = () => PthFile.Write(Path.Combine(folder.Path, "new", "a.pth"), value);
        Action writeStream = () => PthFile.Write(stream, value);

        writeFile.Should().Throw<PthException>().WithMessage(message);
        writeStream.Should().Throw<PthException>().WithMessage(message);
        stream.Length.Should().Be(0);
        Directory.Exists(Path.Combine(folder.Path, "new")).Should().BeFalse("nothing is begun");
    }
}
