using System.Text.Json;
using Compat.Legacy.Tests.Support;
using Compat.Torch.Data;

namespace Compat.Legacy.Tests;

/// <summary>Batches, passes and what the sampler is told, of MMCV's IterLoader.</summary>
[Trait("Category", "Golden")]
public sealed class IterLoaderGoldenTests
{
    private static readonly GoldenCases File = new("legacy_runners.json");

    public static TheoryData<string> Cases => File.Where(entry => GoldenCases.Text(entry, "kind") == "iter_loader");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_call_gives_the_batch_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        List<int> told = [];
        if (GoldenCases.Has(golden, "error"))
        {
            // Ruled out by type BatchLoader: one without batches cannot be made.
            Action make = () => Loader(golden, told).Dispose();
            make.Should().Throw<ArgumentException>();
            return;
        }

        using BatchLoader batches = Loader(golden, told);
        using IterLoader loader = new(batches);
        loader.Length.Should().Be(golden.GetProperty("len").GetInt32());
        foreach (JsonElement row in golden.GetProperty("rows").EnumerateArray())
        {
            loader.Epoch.Should().Be(row[0].GetInt32());
            using DataBatch batch = loader.Next();
            batch.Indices.Should().Equal(row[1].EnumerateArray().Select(index => index.GetInt32()));
            loader.Epoch.Should().Be(row[2].GetInt32());
            told.Should().Equal(row[3].EnumerateArray().Select(epoch => epoch.GetInt32()));
            told.Clear();
        }
    }

    private static BatchLoader Loader(JsonElement golden, List<int> told)
    {
        int samples = golden.GetProperty("samples").GetInt32();
        // What stands in a batch sampler is never told; for that our loader has no place, so it is a sampler that nobody can tell.
        return new BatchLoader(new NumberDataset(new double[samples]), new()
        {
            BatchSize = golden.GetProperty("batch_size").GetInt32(),
            DropLast = golden.TryGetProperty("drop_last", out JsonElement dropLast) && dropLast.GetBoolean(),
            Sampler = GoldenCases.Text(golden, "sampler") == "rotate" ? new RotatingSampler(samples, told.Add) : null,
        });
    }
}
