using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

[Trait("Category", "Cuda")]
public sealed class AmpOptimWrapperCudaTests
{
    [CudaFact]
    public void Without_a_precision_the_model_computes_in_float16_and_learns()
    {
        using TestRun run = new();
        AmpOptimWrapperOptions options = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } };

        Runner runner = run.Train(run.Options with { Device = CUDA, OptimWrapper = options });

        using DisposeScope scope = NewDisposeScope();
        using (runner.OptimWrapper.OptimContext(run.Model))
        {
            run.Model.ForwardTensor(new ToyBatch(ones(2, 1, device: CUDA), ones(2, 1, device: CUDA))).dtype.Should().Be(ScalarType.Float16);
        }

        ((AmpOptimWrapper)runner.OptimWrapper).LossScaler.GetScale().Should().Be(65536);
        run.Logger.Ours.Should().BeEmpty("float16 is what is expected there");
    }

    [CudaFact]
    public void A_precision_that_nothing_can_be_cast_to_is_refused_when_the_wrapper_is_built()
    {
        using TestModel model = new();
        model.MoveTo(CUDA);
        AmpOptimWrapperOptions options = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 }, Dtype = ScalarType.Int32 };

        options.Invoking(own => own.Build(model)).Should().Throw<ArgumentException>().WithMessage("Dtype is Int32; autocast knows Float16, BFloat16, Float32 and Float64.*");
        (options with { Dtype = ScalarType.BFloat16, LossScale = new GradScalerOptions { Enabled = false } }).Build(model).Dispose();
    }
}
