using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Updates;

/// <summary>The same network as a model of each side.</summary>
internal static class UpdateModels
{
    /// <summary>The old model; with optimizers by name it steps by itself.</summary>
    public sealed class ForLegacy : nn.Module, ITrainStep
    {
        private readonly UpdateNet net;

        public ForLegacy(bool lowersPrecision)
            : base(nameof(ForLegacy))
        {
            net = new UpdateNet(lowersPrecision);
            RegisterComponents();
        }

        public UpdateNet Net => net;

        public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
        {
            ToyBatch batch = (ToyBatch)data;
            if (optimizer is { IsNamed: true })
            {
                Step(net.LossOfFirst(batch), optimizer["first"]);
                Step(net.LossOfSecond(batch), optimizer["second"]);
                return new();
            }

            Tensor loss = net.Loss(batch);
            return new() { Loss = loss, NumSamples = 2, LogVars = new LogVars { ["loss"] = loss } };
        }

        private static void Step(Tensor loss, optim.Optimizer optimizer)
        {
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
        }
    }

    /// <summary>The ported model; with wrappers by name it calls each.</summary>
    public sealed class ForEngine : BaseModel<ToyBatch>
    {
        private readonly UpdateNet net = new();

        public ForEngine() => RegisterComponents();

        public UpdateNet Net => net;

        // Optimizers by name take the parameters of the modules of that name.
        public override nn.Module StateModule => net;

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
        {
            if (optimWrapper is not OptimWrapperDict)
            {
                return base.TrainStep(data, optimWrapper);
            }

            ToyBatch batch = (ToyBatch)DataPreprocessor.Process(data, training: true);
            optimWrapper["first"].UpdateParams(net.LossOfFirst(batch));
            optimWrapper["second"].UpdateParams(net.LossOfSecond(batch));
            return [];
        }

        protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = net.Loss(batch) };
    }
}
