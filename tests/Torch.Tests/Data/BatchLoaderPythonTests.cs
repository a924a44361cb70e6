using System.Globalization;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using TorchSharp;
using TorchSharp.Modules;
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
    public void A_training_from_one_seed_with_shuffling_and_dropout_has_PyTorchs_losses()
    {
        const string Script = """
            import torch
            from torch.utils.data import DataLoader
            torch.manual_seed(11)
            model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
            data = [(torch.tensor([float(i)]), torch.tensor(10.0 * i)) for i in range(11)]
            for epoch in range(3):
                for image, label in DataLoader(data, batch_size=4, shuffle=True):
                    loss = torch.nn.functional.mse_loss(model(image / 11).squeeze(1), label / 100)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    print(repr(loss.item()))
            """;
        double[] theirs = [.. PythonFactAttribute.Run(Script).Trim().Split('\n').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];

        theirs.Should().HaveCount(9);
        theirs.Zip(Losses(seed: 11), GoldenTolerance.IsSameFloat).Should().OnlyContain(same => same);
        theirs.Zip(Losses(seed: 12), GoldenTolerance.IsSameFloat).Should().Contain(false);
    }

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

    private static List<double> Losses(long seed)
    {
        using DisposeScope scope = NewDisposeScope();
        TorchSeed.Set(seed);
        using Sequential model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 1));
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1, Momentum = 0.9 });
        NumberDataset dataset = new(11);
        using BatchLoader loader = new(dataset, new() { BatchSize = 4, NumWorkers = 1, Shuffle = true });
        List<double> losses = [];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            foreach (DataBatch batch in loader)
            {
                PairBatch pair = (PairBatch)batch;
                Tensor loss = nn.functional.mse_loss(model.forward(pair.Image.unsqueeze(1) / 11).squeeze(1), pair.Label / 100);
                optimizer.zero_grad();
                loss.backward();
                optimizer.step();
                losses.Add(loss.item<float>());
                batch.Dispose();
            }
        }

        return losses;
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
            Shuffle = shuffle,
        });

        string[] lines = [.. loader.Concat(loader).Select(batch => string.Join(' ', batch.Indices))];
        double after = rand(1).item<float>();

        string[] theirs = PythonFactAttribute.Run(TwoPasses, $"{seed}", $"{shuffle}", $"{dropLast}").Trim().Split('\n');
        lines.Should().Equal(theirs[..^1]);
        lines.Should().HaveCount(dropLast ? 4 : 6);
        after.Should().Be(double.Parse(theirs[^1], CultureInfo.InvariantCulture));
    }
}
