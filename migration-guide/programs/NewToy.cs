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
using BatchLoader loader = new(dataset, new() { BatchSize = 2 });
using NewToyModel model = new();

using Runner runner = new(new RunnerOptions
{
    Model = model,
    WorkDir = "work_dirs/new-toy",
    TrainDataloader = loader,
    TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 5 },
    OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
    ParamSchedulers = [new MultiStepLrOptions { Milestones = [2, 3] }],
});
runner.Train();
Console.WriteLine(model);

internal sealed record ToyBatch(Tensor Img, Tensor Label) : DataBatch;

internal sealed class NewToyModel : BaseModel<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);

    public NewToyModel()
    {
        RegisterComponents();
        nn.init.constant_(linear.weight, 0.3);
        nn.init.constant_(linear.bias!, -0.2);
    }

    public override string ToString() => $"weight {linear.weight.item<float>():F7}, bias {linear.bias!.item<float>():F7}";

    protected override LossDict Loss(ToyBatch batch)
    {
        Tensor feat = linear.forward(batch.Img);
        Tensor loss1 = (feat - batch.Label).pow(2);
        Tensor loss2 = (feat - batch.Label).abs();
        return new() { ["loss1"] = loss1.sum(), ["loss2"] = loss2.sum() };
    }
}
