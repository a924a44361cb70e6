using Compat.TestSupport;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests;

public sealed class StateTensorTests
{
    [Fact]
    public void A_kept_value_is_a_copy_that_later_changes_do_not_reach()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor source = tensor(new float[] { 1, 2 });
        using StateTensor state = new(source);

        source.fill_(7);

        state.Value.data<float>().ToArray().Should().Equal(1f, 2f);
    }

    [Fact]
    public void A_kept_value_outlives_the_scope_in_which_it_was_made()
    {
        StateTensor state;
        using (NewDisposeScope())
        {
            state = new StateTensor(ones(3));
        }

        state.Value.IsInvalid.Should().BeFalse();
        state.Dispose();
    }

    [Fact]
    public void A_kept_value_takes_no_part_in_autograd()
    {
        using DisposeScope scope = NewDisposeScope();
        using StateTensor state = new(ones(1, requires_grad: true) * 2);

        state.Value.requires_grad.Should().BeFalse();
    }

    [Fact]
    public void Replacing_takes_a_copy_of_any_shape_and_type_and_frees_the_old_one()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor source = tensor(new long[] { 4, 5, 6 });
        using StateTensor state = new(ones(2));
        Tensor old = state.Value;

        state.Replace(source);
        source.fill_(0);

        old.IsInvalid.Should().BeTrue();
        state.Value.dtype.Should().Be(ScalarType.Int64);
        state.Value.data<long>().ToArray().Should().Equal(4, 5, 6);
    }

    [Fact]
    public void Replacing_by_its_own_value_works()
    {
        using DisposeScope scope = NewDisposeScope();
        using StateTensor state = new(ones(2));

        state.Replace(state.Value);

        state.Value.data<float>().ToArray().Should().Equal(1f, 1f);
    }

    [Fact]
    public void Moving_to_the_device_where_it_is_keeps_the_very_tensor()
    {
        using DisposeScope scope = NewDisposeScope();
        using StateTensor state = new(ones(2));
        Tensor before = state.Value;

        state.To(CPU);

        state.Value.Should().BeSameAs(before);
    }

    [Fact]
    public void Moving_to_another_device_replaces_and_frees_the_old_one()
    {
        using DisposeScope scope = NewDisposeScope();
        using StateTensor state = new(ones(2));
        Tensor before = state.Value;

        state.To(META);

        state.Value.device_type.Should().Be(DeviceType.META);
        before.IsInvalid.Should().BeTrue();
    }

    [Fact]
    public void A_disposed_state_refuses_to_be_read()
    {
        using DisposeScope scope = NewDisposeScope();
        StateTensor state = new(ones(2));
        state.Dispose();

        Func<Tensor> read = () => state.Value;
        Action replace = () => state.Replace(ones(1));

        read.Should().Throw<ObjectDisposedException>();
        replace.Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Nothing_is_left_after_disposing()
    {
        long before = LiveTensors.Settled();
        using (NewDisposeScope())
        {
            using StateTensor state = new(ones(2));
            state.Replace(zeros(3));
            Tensor.TotalCount.Should().BeGreaterThan(before);
        }

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Null_is_refused()
    {
        Action make = () => _ = new StateTensor(null!);

        make.Should().Throw<ArgumentNullException>().WithParameterName("source");
    }
}
