using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Distributed;

namespace Compat.Torch.Tests.Data;

/// <summary>The samplers of MMEngine, and PyTorch's, in several processes. No process is started: a sampler only needs to know its rank.</summary>
[Trait("Category", "Golden")]
public sealed class DistributedSamplerGoldenTests
{
    public static IEnumerable<object[]> Cases => DistributedGolden.Of("sampler", "mmengine").Concat(DistributedGolden.Of("sampler", "mmcv"))
        .Select(one => new object[] { one.GetProperty("id").GetString()! });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_rank_visits_the_samples_that_it_visits_in_python(string id)
    {
        JsonElement golden = DistributedGolden.Case(id);
        for (int rank = 0; rank < golden.GetProperty("world_size").GetInt32(); rank++)
        {
            Sampler sampler = Make(golden, rank);
            sampler.Count.Should().Be(Of(golden, "len", rank).GetInt32());
            foreach (JsonElement epoch in golden.GetProperty("epochs").EnumerateArray())
            {
                Compare(sampler, epoch, rank);
            }

            (sampler as IDisposable)?.Dispose();
        }
    }

    // An endless sampler goes on where it stopped; the later passes of the file are empty.
    private static void Compare(Sampler sampler, JsonElement epoch, int rank)
    {
        int[] expected = [.. Of(epoch, "indices", rank).EnumerateArray().Select(index => index.GetInt32())];
        sampler.SetEpoch(epoch.GetProperty("epoch").GetInt32());
        int[] actual = [.. sampler is InfiniteSampler ? sampler.Take(expected.Length) : sampler];
        actual.Should().Equal(expected);
    }

    private static Sampler Make(JsonElement golden, int rank)
    {
        ProcessRank process = new(rank, golden.GetProperty("world_size").GetInt32());
        JsonElement args = golden.GetProperty("args");
        NumbersDataset dataset = new(golden.GetProperty("samples").GetInt32());
        bool shuffle = !args.TryGetProperty("shuffle", out JsonElement shuffles) || shuffles.GetBoolean();
        // Without a seed, one was drawn for all ranks: here Dist.SyncRandomSeed draws it.
        long seed = args.TryGetProperty("seed", out JsonElement given) && given.ValueKind == JsonValueKind.Number ? given.GetInt64()
            : golden.TryGetProperty("seed", out JsonElement drawn) ? drawn.GetInt64()
            : 0;
        return golden.GetProperty("type").GetString() switch
        {
            "DefaultSampler" => new DefaultSampler(dataset, shuffle, seed, !args.TryGetProperty("round_up", out JsonElement roundUp) || roundUp.GetBoolean(), process),
            "InfiniteSampler" => new InfiniteSampler(dataset, shuffle, seed, process),
            _ => new DistributedSampler(dataset, process, shuffle, seed, args.TryGetProperty("drop_last", out JsonElement dropLast) && dropLast.GetBoolean()),
        };
    }

    private static JsonElement Of(JsonElement row, string name, int rank) =>
        row.TryGetProperty(name, out JsonElement all) ? all : row.GetProperty($"{name}_by_rank")[rank];

    private sealed class NumbersDataset(int count) : Dataset
    {
        public override int Count => count;

        public override DataBatch this[int index] => throw new NotSupportedException("No sample is read here.");
    }
}
