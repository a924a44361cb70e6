using Compat.Api.Tests.Support;
using Compat.Engine;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

public sealed class OptimWrapperDictTests
{
    [Fact]
    public void Wrappers_of_ones_own_kinds_train_in_a_dictionary()
    {
        OptimWrapperOptions plain = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } };
        OptimWrapperOptions amp = new AmpOptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 }, LossScale = 256, Autocast = false };

        (float, float) expected = Train(plain, plain);

        expected.Item1.Should().NotBe(0);
        expected.Item2.Should().NotBe(0);
        Train(new ScaledOptimWrapperOptions(plain), amp).Should().Be(expected, "scales that are powers of two change no bit");
        Train(new HalvedAmpOptions(), amp).Item1.Should().NotBe(expected.Item1, "what is overridden acts");
    }

    private static (float Scale, float Shift) Train(BaseOptimWrapperOptions scale, BaseOptimWrapperOptions shift)
    {
        using LineRun run = new();
        using TwoPartModel model = new();
        using Runner runner = new(run.Options with { Model = model, OptimWrapper = new OptimWrapperDictOptions { ["scale"] = scale, ["shift"] = shift } });
        runner.Train();
        return model.Values();
    }

    /// <summary>A user's own wrapper for mixed precision: it changes one part of the update.</summary>
    private sealed class HalvedAmp(AmpOptimWrapperOptions options, nn.Module model) : AmpOptimWrapper(options, model)
    {
        protected override void SyncGradients()
        {
            base.SyncGradients();
            foreach (Parameter parameter in ParametersToClip())
            {
                parameter.grad!.mul_(0.5);
            }
        }
    }

    private sealed record HalvedAmpOptions : BaseOptimWrapperOptions
    {
        public override BaseOptimWrapper Build(nn.Module model) =>
            new HalvedAmp(new() { Optimizer = new FusedSgdOptions { Lr = 0.1 }, LossScale = 256, Autocast = false }, model);
    }

    /// <summary>A line whose slope and shift are modules of their own, each with its wrapper.</summary>
    private sealed class TwoPartModel : BaseModel<PointBatch>
    {
        private readonly Linear scale = nn.Linear(1, 1, hasBias: false);
        private readonly Linear shift = nn.Linear(1, 1, hasBias: false);

        public TwoPartModel()
        {
            RegisterComponents();
            nn.init.zeros_(scale.weight);
            nn.init.zeros_(shift.weight);
        }

        public (float Scale, float Shift) Values() => (scale.weight.item<float>(), shift.weight.item<float>());

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
        {
            PointBatch batch = (PointBatch)DataPreprocessor.Process(data, training: true);
            LogVars outputs = [];
            foreach (string part in new[] { "scale", "shift" })
            {
                BaseOptimWrapper wrapper = optimWrapper[part];
                optimWrapper.ZeroGrad();                              // what the other turn's backward left here has another scale
                using IDisposable context = wrapper.OptimContext(this);
                Tensor loss = (scale.forward(batch.X) + shift.forward(ones_like(batch.X)) - batch.Y).pow(2).mean();
                wrapper.UpdateParams(loss);
                outputs[$"loss_{part}"] = loss;
            }

            return outputs;
        }
    }
}
