using System.Globalization;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

/// <summary>The loader against PyTorch's own.</summary>
public sealed class BatchLoaderPythonTests
{
    private const string TwoPasses = """
        import sys, torch
        from torch.utils.data import DataLoader
        torch.manual_seed(int(sys.argv[1]))
        loader = DataLoader(range(11), batch_size=4, shuffle=sys.argv[2] == 'True', drop_last=sys.argv[3] == 'True')
        for epoch in range(2):
            for batch in loader:
                print(' '.join(str(i) for i in batch.tolist()))
        print(repr(torch.rand(1).item()))
        """;

    [PythonFact]
    public void Shuffled_passes_and_the_random_numbers_after_them_are_those_of_PyTorch() => Compare(seed: 7, shuffle: true, dropLast: false);

    [PythonFact]
    public void So_they_are_in_order_and_with_the_last_batch_dropped() => Compare(seed: 8, shuffle: false, dropLast: true);

    [PythonFact]
    public void Shares_of_the_default_sampler_are_those_of_PyTorchs_distributed_sampler()
    {
        const string Script = """
            from torch.utils.data import DistributedSampler
            for rank in range(4):
                sampler = DistributedSampler(range(10), num_replicas=4, rank=rank, seed=3)
                sampler.set_epoch(5)
                print(' '.join(str(i) for i in sampler))
            """;
        NumberDataset dataset = new(10);

        string[] shares = [.. Enumerable.Range(0, 4).Select(rank =>
        {
            DefaultSampler sampler = new(dataset, seed: 3, process: new(rank, 4));
            sampler.SetEpoch(5);
            return string.Join(' ', sampler);
        })];

        shares.Should().Equal(PythonFactAttribute.Run(Script).Trim().Split('\n'));
        shares.Should().OnlyHaveUniqueItems();
    }

    private static void Compare(long seed, bool shuffle, bool dropLast)
    {
        using DisposeScope scope = NewDisposeScope();
        NumberDataset dataset = new(11);
        TorchSeed.Set(seed);
        BatchLoader loader = new(dataset, new()
        {
            BatchSize = 4,
            DropLast = dropLast,
            Sampler = shuffle ? new RandomSampler(dataset) : new SequentialSampler(dataset),
        });

        string[] lines = [.. loader.Concat(loader).Select(batch => string.Join(' ', batch.Indices))];
        double after = rand(1).item<float>();

        string[] theirs = PythonFactAttribute.Run(TwoPasses, $"{seed}", $"{shuffle}", $"{dropLast}").Trim().Split('\n');
        lines.Should().Equal(theirs[..^1]);
        lines.Should().HaveCount(dropLast ? 4 : 6);
        after.Should().Be(double.Parse(theirs[^1], CultureInfo.InvariantCulture));
    }
}
