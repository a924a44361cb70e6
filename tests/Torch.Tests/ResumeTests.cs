using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using Compat.Torch.Tests.Data;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests;

/// <summary>All parts together: a training that is interrupted in the middle of an epoch and goes on from a file, with dropout, random augmentation and half precision.</summary>
public sealed class ResumeTests
{
    private const int Total = 40;

    [Theory]
    [InlineData("FusedAdamW", 0, 2)]
    [InlineData("FusedAdamW", 2, 0)]
    [InlineData("NAdam", 2, 3)]
    public void A_training_that_was_interrupted_ends_with_the_same_weights_to_the_last_bit(string optimizer, int workersBefore, int workersAfter)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        TorchSeed.Set(3);
        float[] straight = Train(optimizer, workersBefore, 0, Total, null, null);
        TorchSeed.Set(3);
        float[] half = Train(optimizer, workersBefore, 0, 17, null, folder.File("half.pth"));
        TorchSeed.Set(99);                                            // another process begins with another stream
        float[] resumed = Train(optimizer, workersAfter, 17, Total, folder.File("half.pth"), null);

        resumed.Should().Equal(straight);
        half.Should().NotEqual(straight);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("loader")]
    [InlineData("optimizer")]
    public void Without_one_of_its_parts_it_ends_somewhere_else(string forgotten)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        TorchSeed.Set(3);
        float[] straight = Train("FusedAdamW", 0, 0, Total, null, null);
        TorchSeed.Set(3);
        Train("FusedAdamW", 0, 0, 17, null, folder.File("half.pth"));
        TorchSeed.Set(99);

        Train("FusedAdamW", 0, 17, Total, folder.File("half.pth"), null, forgotten).Should().NotEqual(straight);
    }

    private static float[] Train(string kind, int workers, int from, int to, string? load, string? save, string? forgotten = null)
    {
        NoisyDataset dataset = new();
        using BatchLoader loader = new(dataset, new() { BatchSize = 4, NumWorkers = workers, Sampler = new RandomSampler(dataset) });
        using Sequential model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Dropout(0.3), nn.Linear(16, 1));
        using optim.Optimizer optimizer = kind == "NAdam" ? optim.NAdam(model.parameters()) : new FusedAdamW(model.parameters(), new() { Lr = 0.01 });
        using GradScaler scaler = new(new() { InitScale = 256, GrowthInterval = 5 });
        if (load is not null)
        {
            Load(load, model, optimizer, loader, scaler, forgotten);
        }

        int iter = from;
        while (iter < to)
        {
            foreach (DataBatch batch in loader)
            {
                using DisposeScope iteration = NewDisposeScope();
                batch.AttachTo(iteration);
                Step((PairBatch)batch, model, optimizer, scaler);
                if (++iter == to)
                {
                    if (save is not null)
                    {
                        Save(save, model, optimizer, loader, scaler);
                    }

                    break;
                }
            }
        }

        return [.. model.parameters().SelectMany(parameter => parameter.ToArray())];
    }

    private static void Step(PairBatch batch, Sequential model, optim.Optimizer optimizer, GradScaler scaler)
    {
        Tensor loss;
        using (new Autocast(DeviceType.CPU))
        {
            loss = nn.functional.mse_loss(model.forward(batch.Image), batch.Label);
        }

        scaler.Scale(loss).backward();
        scaler.Step(optimizer);
        scaler.Update();
        OptimizerGroup.ClearGradients(optimizer);
    }

    private static void Save(string path, Sequential model, optim.Optimizer optimizer, BatchLoader loader, GradScaler scaler)
    {
        using RandomState random = RandomState.Capture();
        PthDict weights = [];
        foreach ((string name, Tensor value) in model.state_dict())
        {
            weights[name] = new PthTensor(value);
        }

        PthFile.Write(path, new PthDict
        {
            ["weights"] = weights,
            ["optimizer"] = optimizer.SaveState(),
            ["loader"] = loader.SaveState(),
            ["random"] = random.ToPth(),
            ["loss_scaler"] = scaler.SaveState()!.ToPth(),
        });
    }

    private static void Load(string path, Sequential model, optim.Optimizer optimizer, BatchLoader loader, GradScaler scaler, string? forgotten)
    {
        using PthFile file = PthFile.Read(path);
        PthDict root = (PthDict)file.Root;
        model.load_state_dict(((PthDict)root["weights"]).ToDictionary(entry => ((PthText)entry.Key).Value, entry => ((PthTensor)entry.Value).Value));
        scaler.LoadState(GradScalerState.FromPth((PthDict)root["loss_scaler"]));
        if (forgotten != "optimizer")
        {
            optimizer.LoadState((PthDict)root["optimizer"]);
        }

        if (forgotten != "loader")
        {
            loader.LoadState((PthDict)root["loader"]);
        }

        if (forgotten != "random")
        {
            using RandomState random = RandomState.FromPth((PthDict)root["random"]);
            random.Restore();
        }
    }

    private sealed class NoisyDataset : Dataset
    {
        public override int Count => 26;

        public override DataBatch this[int index]
        {
            get
            {
                float x = index / 13f;
                Tensor noise = randn([1], generator: WorkerInfo.Current!.Generator) * 0.05;
                return new PairBatch(tensor([x]) + noise, tensor([MathF.Sin(x)]));
            }
        }
    }
}
