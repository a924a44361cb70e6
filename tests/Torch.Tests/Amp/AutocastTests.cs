using Compat.Torch.Amp;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Amp;

public sealed class AutocastTests
{
    [Fact]
    public void A_linear_layer_computes_in_bfloat16_its_loss_and_gradients_in_float32()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear linear = nn.Linear(4, 2);
        Tensor scores;
        Tensor loss;
        using (new Autocast(DeviceType.CPU))
        {
            scores = linear.forward(ones(3, 4));
            loss = nn.functional.mse_loss(scores, zeros(3, 2));
        }

        loss.backward();

        scores.dtype.Should().Be(ScalarType.BFloat16);
        loss.dtype.Should().Be(ScalarType.Float32);
        linear.weight.grad!.dtype.Should().Be(ScalarType.Float32);
        linear.forward(ones(3, 4)).dtype.Should().Be(ScalarType.Float32, "the scope is closed");
    }

    [Fact]
    public void Scopes_nest_and_restore_what_was_before()
    {
        Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
        using (new Autocast(DeviceType.CPU))
        {
            Autocast.IsEnabled(DeviceType.CPU).Should().BeTrue();
            using (new Autocast(DeviceType.CPU, enabled: false))
            {
                Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
            }

            Autocast.IsEnabled(DeviceType.CPU).Should().BeTrue();
        }

        Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
    }

    [Fact]
    public void An_exception_restores_what_was_before()
    {
        Action fail = () =>
        {
            using Autocast autocast = new(DeviceType.CPU);
            throw new InvalidOperationException("inside");
        };

        fail.Should().Throw<InvalidOperationException>().WithMessage("inside");
        Autocast.IsEnabled(DeviceType.CPU).Should().BeFalse();
    }

    [Fact]
    public void Autocast_holds_for_its_own_thread()
    {
        bool elsewhere = true;
        using (new Autocast(DeviceType.CPU))
        {
            Thread other = new(() => elsewhere = Autocast.IsEnabled(DeviceType.CPU));
            other.Start();
            other.Join();
        }

        elsewhere.Should().BeFalse();
    }

    [Fact]
    public void Another_thread_may_not_close_a_scope()
    {
        using Autocast autocast = new(DeviceType.CPU);
        Exception? thrown = null;
        Thread other = new(() => thrown = Record.Exception(autocast.Dispose));
        other.Start();
        other.Join();

        thrown.Should().BeOfType<InvalidOperationException>().Which.Message.Should().Match("The autocast scope was opened on thread * and is closed on thread *. Close it on its own thread; do not await inside it.");
    }

    [Fact]
    public void Float16_on_the_CPU_is_refused_with_the_setting_to_write()
    {
        Action open = () => new Autocast(DeviceType.CPU, ScalarType.Float16);

        open.Should().Throw<ArgumentException>()
            .WithMessage("Autocast to Float16 on the CPU is not supported; there it must be bfloat16. Write dtype: ScalarType.BFloat16, or leave it out.*");
    }

    [Fact]
    public void Other_devices_and_precisions_are_refused()
    {
        Action device = () => new Autocast(DeviceType.MPS);
        Action precision = () => new Autocast(DeviceType.CUDA, ScalarType.Int64);

        device.Should().Throw<ArgumentException>().WithMessage("Autocast on MPS is not supported; the device must be CPU or CUDA.*");
        precision.Should().Throw<ArgumentException>().WithMessage("Autocast to Int64 is not supported; the precision must be Float16, BFloat16, Float32 or Float64.*");
    }
}
