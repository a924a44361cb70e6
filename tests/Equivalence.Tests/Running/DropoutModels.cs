using Compat.Engine.Model;
using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Running;

internal static class DropoutModels
{
    private static Sequential Network() => nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.5), nn.Linear(8, 1));

    internal sealed class ForLegacy : nn.Module, ITrainStep
    {
        private readonly Sequential network = Network();

        public ForLegacy()
            : base(nameof(ForLegacy)) => RegisterComponents();

        public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
        {
            ToyBatch batch = (ToyBatch)data;
            Tensor loss = nn.functional.mse_loss(network.forward(batch.Img), batch.Label);
            return new() { Loss = loss, NumSamples = 2, LogVars = new LogVars { ["loss"] = loss } };
        }
    }

    internal sealed class ForEngine : BaseModel<ToyBatch>
    {
        private readonly Sequential network = Network();

        public ForEngine() => RegisterComponents();

        protected override LossDict Loss(ToyBatch batch) =>
            new() { ["loss"] = nn.functional.mse_loss(network.forward(batch.Img), batch.Label) };
    }
}
