using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using Compat.Torch.Logging;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

using ListDataset dataset = new(Enumerable.Range(0, 50).Select(_ => new ToyBatch(ones(1), ones(1))));
using BatchLoader loader = new(dataset, new() { BatchSize = 2 });
using OldToyModel model = new();
using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);

using Runner runner = new(model, new RunnerOptions
{
    WorkDir = "work_dirs/old-toy",
    Optimizer = optimizer,
    Logger = new LineLogger("demo", [Console.Out]),
    MaxEpochs = 5,
});
runner.RegisterTrainingHooks(new TrainingHookOptions
{
    LrConfig = new StepLrConfig { Step = [2, 3] },
    OptimizerConfig = new OptimizerConfig { GradClip = null },
    LogConfig = new LogConfig { Interval = 10 },
});
runner.Run([loader], [("train", 1)]);
Console.WriteLine(model);

internal sealed record ToyBatch(Tensor Img, Tensor Label) : DataBatch;

internal sealed class OldToyModel : nn.Module, ITrainStep<ToyBatch>, IValStep<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);

    public OldToyModel()
        : base(nameof(OldToyModel))
    {
        RegisterComponents();
        nn.init.constant_(linear.weight, 0.3);
        nn.init.constant_(linear.bias!, -0.2);
    }

    public StepOutputs TrainStep(ToyBatch data, OptimizerSet? optimizer) => Forward(data);

    public StepOutputs ValStep(ToyBatch data, OptimizerSet? optimizer) => Forward(data);

    public override string ToString() => $"weight {linear.weight.item<float>():F7}, bias {linear.bias!.item<float>():F7}";

    private StepOutputs Forward(ToyBatch batch)
    {
        Tensor feat = linear.forward(batch.Img);
        Tensor loss1 = (feat - batch.Label).pow(2);
        Tensor loss2 = (feat - batch.Label).abs();
        Tensor loss = (loss1 + loss2).sum();
        return new()
        {
            Loss = loss,
            NumSamples = (int)batch.Img.shape[0],
            LogVars = new LogVars { ["loss1"] = loss1.sum(), ["loss2"] = loss2.sum() },
        };
    }
}
