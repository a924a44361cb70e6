using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Serialization;

/// <summary>Checkpoints that MMCV and MMEngine wrote, against a listing of every value in them.</summary>
[Trait("Category", "Golden")]
public sealed class PthGoldenTests
{
    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.pth").Select(path => Path.GetFileNameWithoutExtension(path)).Order()];

    private static string Folder => GoldenFile.PathOf("checkpoints");

    [Fact]
    public void There_are_files() => Files.Should().NotBeEmpty();

    [Theory]
    [MemberData(nameof(Files))]
    public void A_checkpoint_reads_back_exactly_as_it_is_listed(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        JsonElement listing = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, $"{name}.json"))).RootElement.GetProperty("cases")[0];
        using PthFile file = PthFile.Read(Path.Combine(Folder, $"{name}.pth"));

        new PthComparison().Compare(listing.GetProperty("tree"), file.Root, "root").Should().BeEmpty();
    }

    [Fact]
    public void The_comparison_sees_a_difference()
    {
        using DisposeScope scope = NewDisposeScope();
        JsonElement listing = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "mmcv_sgd_zip.json"))).RootElement.GetProperty("cases")[0];
        using PthFile file = PthFile.Read(Path.Combine(Folder, "mmcv_adam_zip.pth"));

        new PthComparison().Compare(listing.GetProperty("tree"), file.Root, "root").Should().NotBeEmpty();
    }

    private sealed class PthComparison
    {
        private readonly Dictionary<long, (long Start, long Length)> storages = [];

        public IEnumerable<string> Compare(JsonElement expected, PthValue actual, string path)
        {
            string kind = expected.GetProperty("t").GetString()!;
            return (kind, actual) switch
            {
                ("dict", PthDict { Kind: PthDictKind.Dict } dict) => Entries(expected, dict, path),
                ("OrderedDict", PthDict { Kind: PthDictKind.OrderedDict } dict) => Entries(expected, dict, path),
                ("Counter", PthDict { Kind: PthDictKind.Counter } dict) => Entries(expected, dict, path),
                ("list", PthSequence { Kind: PthSequenceKind.List } list) => Items(expected, list, path),
                ("tuple", PthSequence { Kind: PthSequenceKind.Tuple } tuple) => Items(expected, tuple, path),
                ("set", PthSequence { Kind: PthSequenceKind.Set } set) => Is(set.Items.Count == expected.GetProperty("items").GetArrayLength(), path),
                ("int", PthInteger number) => Is(Whole(expected.GetProperty("v")) == number.Value, path),
                ("float", PthFloat number) => Is(Number(expected.GetProperty("v")).Equals(number.Value), path),
                ("bool", PthBool flag) => Is(flag.Value == expected.GetProperty("v").GetBoolean(), path),
                ("str", PthText text) => Is(text.Value == expected.GetProperty("v").GetString(), path),
                ("none", PthNone) => [],
                ("bytes", PthBytes bytes) => Is(bytes.Value.ToArray().SequenceEqual(expected.GetProperty("v").EnumerateArray().Select(one => one.GetByte())), path),
                ("tensor", PthTensor tensor) => TensorIs(expected, tensor, path),
                ("ndarray" or "npscalar", PthArray array) => Is(Values(expected).SequenceEqual(array.ToDoubles()), path),
                ("object", PthObject named) => Compare(expected.GetProperty("state"), WithoutFunctions(named.State), path)
                    .Concat(Is(named.Name == expected.GetProperty("class").GetString(), path)),
                ("function", PthObject named) => Is(named.Name.EndsWith(expected.GetProperty("v").GetString()!.Split('.')[^1], StringComparison.Ordinal), path),
                _ => [$"{path}: {kind} against {actual.GetType().Name}"],
            };
        }

        // The listing leaves out a history buffer's table of functions.
        private static PthDict WithoutFunctions(PthValue? state)
        {
            PthDict kept = [];
            foreach ((PthValue key, PthValue value) in (PthDict?)state ?? [])
            {
                if (key is not PthText { Value: "statistics_methods" })
                {
                    kept.Set(key, value);
                }
            }

            return kept;
        }

        private static string[] Is(bool same, string path) => same ? [] : [path];

        private static BigInteger Whole(JsonElement value) => BigInteger.Parse(value.ToString(), CultureInfo.InvariantCulture);

        private static double Number(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            _ => value.Number(),
        };

        private static IEnumerable<double> Values(JsonElement expected)
        {
            JsonElement values = expected.GetProperty("v");
            return values.ValueKind == JsonValueKind.Array ? values.EnumerateArray().Select(Number) : [Number(values)];
        }

        private IEnumerable<string> Items(JsonElement expected, PthSequence actual, string path)
        {
            JsonElement[] items = [.. expected.GetProperty("items").EnumerateArray()];
            return items.Length != actual.Items.Count
                ? [$"{path}: {items.Length} items against {actual.Items.Count}"]
                : items.Zip(actual.Items).SelectMany((pair, i) => Compare(pair.First, pair.Second, $"{path}[{i}]"));
        }

        private IEnumerable<string> Entries(JsonElement expected, PthDict actual, string path)
        {
            JsonElement[] items = [.. expected.GetProperty("items").EnumerateArray()];
            if (items.Length != actual.Count)
            {
                return [$"{path}: {items.Length} entries against {actual.Count}"];
            }

            return items.Zip(actual).SelectMany(pair =>
            {
                JsonElement key = pair.First[0];
                string here = $"{path}/{key}";
                IEnumerable<string> keys = key.ValueKind == JsonValueKind.String
                    ? Is(pair.Second.Key is PthText text && text.Value == key.GetString(), here)
                    : Compare(key, pair.Second.Key, here);
                return keys.Concat(Compare(pair.First[1], pair.Second.Value, here));
            });
        }

        private IEnumerable<string> TensorIs(JsonElement expected, PthTensor actual, string path)
        {
            Tensor tensor = actual.Value;
            bool same = expected.GetProperty("dtype").GetString() == Name(tensor.dtype)
                && expected.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).SequenceEqual(tensor.shape)
                && expected.GetProperty("stride").EnumerateArray().Select(size => size.GetInt64()).SequenceEqual(tensor.stride())
                && expected.GetProperty("offset").GetInt64() == tensor.storage_offset()
                && expected.GetProperty("requires_grad").GetBoolean() == actual.RequiresGrad
                && expected.GetProperty("param").GetBoolean() == actual.IsParameter
                && Elements(expected).SequenceEqual(Elements(tensor));
            return Is(same, path).Concat(Is(SharesAsListed(expected.GetProperty("storage").GetInt64(), tensor), $"{path}: storage"));
        }

        // Tensors with one number in the listing begin at one address here.
        private bool SharesAsListed(long number, Tensor tensor)
        {
            if (tensor.numel() == 0)
            {
                return true;
            }

            long start = Address(tensor);
            if (storages.TryGetValue(number, out (long Start, long Length) known))
            {
                return known.Start == start;
            }

            bool isNew = storages.Values.All(other => other.Start != start);
            storages.Add(number, (start, 0));
            return isNew;
        }

        private static unsafe long Address(Tensor tensor)
        {
            Tensor first = tensor.as_strided([1], [1], 0);
            fixed (byte* at = first.bytes)
            {
                return (long)at;
            }
        }

        private static IEnumerable<double> Elements(JsonElement expected) => expected.GetProperty("v").EnumerateArray()
            .SelectMany(value => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(Number) : [Number(value)]);

        private static double[] Elements(Tensor tensor)
        {
            Tensor plain = tensor.is_complex() ? view_as_real(tensor) : tensor;
            return plain.numel() == 0 ? [] : plain.to(ScalarType.Float64).contiguous().data<double>().ToArray();
        }

        private static string Name(ScalarType type) => type switch
        {
            ScalarType.Byte => "uint8",
            ScalarType.ComplexFloat32 => "complex64",
            ScalarType.ComplexFloat64 => "complex128",
            _ => type.ToString().ToLowerInvariant(),
        };
    }
}
