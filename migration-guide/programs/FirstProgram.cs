using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

using ListDataset dataset = new(Enumerable.Range(0, 50).Select(_ => new ToyBatch(ones(1), ones(1))));
using ToyModel model = new();
using Runner runner = new(new RunnerOptions
{
    Model = model,
    WorkDir = "work_dirs/toy",
    TrainDataloader = new BatchLoader(dataset, new() { BatchSize = 2 }),
    TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 5 },
    OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
    ParamSchedulers = [new MultiStepLrOptions { Milestones = [2, 3] }],
});
runner.Train();

internal sealed record ToyBatch(Tensor Img, Tensor Label) : DataBatch;

internal sealed class ToyModel : BaseModel<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);

    public ToyModel() => RegisterComponents();

    protected override LossDict Loss(ToyBatch batch)
    {
        Tensor feat = linear.forward(batch.Img);
        return new() { ["loss1"] = (feat - batch.Label).pow(2).sum(), ["loss2"] = (feat - batch.Label).abs().sum() };
    }
}
