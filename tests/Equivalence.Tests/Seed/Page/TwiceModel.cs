using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>The seed's CustomModel: two updates per batch, one with the augmentation on and one with it off.</summary>
internal sealed class TwiceModel : BaseModel<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);

    public TwiceModel(BaseDataPreprocessor preprocessor)
        : base(preprocessor)
    {
        RegisterComponents();
        nn.init.constant_(linear.weight, 0.3);
        nn.init.constant_(linear.bias!, -0.2);
    }

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        Update(data, optimWrapper, augmented: true);
        return Update(data, optimWrapper, augmented: false);
    }

    private LogVars Update(DataBatch data, BaseOptimWrapper optimWrapper, bool augmented)
    {
        LossDict losses;
        using (optimWrapper.OptimContext(this))
        {
            losses = Loss(DataPreprocessor.Process(data, augmented));
        }

        (Tensor loss, LogVars logVars) = ParseLosses(losses);
        optimWrapper.UpdateParams(loss);
        return logVars;
    }

    protected override LossDict Loss(ToyBatch batch) =>
        new() { ["loss"] = (linear.forward(batch.Img) - batch.Label).pow(2) };
}
